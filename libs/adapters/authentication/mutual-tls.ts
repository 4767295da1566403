// Mutual TLS: our certificate and key, and the authority that the provider's certificate is judged by, from the vault.
import { X509Certificate, createPrivateKey } from 'node:crypto';
import type { MutualTls } from '#contracts';
import { AuthenticationFailed } from './authenticator.js';

/** All three in PEM. */
export interface TlsMaterial {
  certificate: string;
  key: string;
  authority: string | null;
}

/** What people may see of a certificate. */
export interface CertificateView {
  subject: string;
  issuer: string;
  /** SHA-256 over the certificate, as `openssl x509 -noout -fingerprint -sha256` shows it. */
  fingerprint: string;
  validFrom: Date;
  validTo: Date;
}

/** Throws an `Error` that says what to write when the text is no certificate in PEM. */
export function viewCertificate(pem: string): CertificateView {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    throw new Error('this is no certificate in PEM (it begins with -----BEGIN CERTIFICATE-----)');
  }
  return {
    subject: certificate.subject.replaceAll('\n', ', '),
    issuer: certificate.issuer.replaceAll('\n', ', '),
    fingerprint: certificate.fingerprint256,
    validFrom: new Date(certificate.validFrom),
    validTo: new Date(certificate.validTo),
  };
}

/** Throws an `Error` that says what is wrong when this key is not the certificate's. */
export function checkPair(certificate: string, key: string): void {
  viewCertificate(certificate);
  let matches: boolean;
  try {
    matches = new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    throw new Error('the private key cannot be read; store it in PEM, without passphrase');
  }
  if (!matches) throw new Error('the private key does not belong to the certificate');
}

/**
 * The TLS identity of this moment. `secret` is asked each time, so that a rotation needs no restart.
 * Throws `AuthenticationFailed` when one is missing, unreadable or expired.
 */
export function tlsSource(
  names: MutualTls,
  secret: (name: string) => string | undefined,
  clock: () => Date,
): () => TlsMaterial {
  let judged: { material: TlsMaterial; validTo: Date } | null = null;
  const read = (name: string): string => {
    const found = secret(name);
    if (found === undefined) throw new AuthenticationFailed('forbidden', `the secret "${name}" is not in the vault`);
    return found;
  };
  return () => {
    const material: TlsMaterial = {
      certificate: read(names.certificate),
      key: read(names.key),
      authority: names.authority === null ? null : read(names.authority),
    };
    if (!judged || !sameMaterial(judged.material, material)) {
      try {
        checkPair(material.certificate, material.key);
        if (material.authority !== null) viewCertificate(material.authority);
      } catch (error) {
        throw new AuthenticationFailed('forbidden', `mutual TLS: ${(error as Error).message}`);
      }
      judged = { material, validTo: viewCertificate(material.certificate).validTo };
    }
    if (judged.validTo <= clock()) {
      throw new AuthenticationFailed(
        'forbidden',
        `mutual TLS: our certificate ended on ${judged.validTo.toISOString().slice(0, 10)}; rotate it`,
      );
    }
    return judged.material;
  };
}

export function sameMaterial(one: TlsMaterial, other: TlsMaterial): boolean {
  return one.certificate === other.certificate && one.key === other.key && one.authority === other.authority;
}
