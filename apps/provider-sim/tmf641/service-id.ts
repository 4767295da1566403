// The provider's own service ids: made from the ref so that nothing has to be kept, yet of no use to who does not ask.

/** `svc-…` for a ref. */
export function serviceIdOf(ref: string): string {
  return `svc-${Buffer.from(ref).reverse().toString('base64url')}`;
}

/** The ref behind a service id, or undefined when this provider never gave that id. */
export function refOfService(id: string): string | undefined {
  if (!id.startsWith('svc-')) return undefined;
  const ref = Buffer.from(id.slice(4), 'base64url').reverse().toString();
  return serviceIdOf(ref) === id ? ref : undefined;
}
