// What each route demands, read from its decorators: for the API's description, and to prove that no route is forgotten.
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { ModulesContainer, Reflector } from '@nestjs/core';
import { OPEN, SCOPES } from '#platform';

export interface RouteAccess {
  /** `<controller>_<method>`, as in the document. */
  operationId: string;
  /** Any one of them opens the route; null when it is open. */
  scopes: string[] | null;
  /** Why it is open, or null. */
  open: string | null;
}

/** Every route of the application. A route with neither scopes nor a reason to be open has `scopes: []`: the guard shuts it. */
export function routeAccess(modules: ModulesContainer): RouteAccess[] {
  const reflector = new Reflector();
  const controllers = new Set(
    [...modules.values()].flatMap((module) => [...module.controllers.values()]).map((each) => each.metatype),
  );
  return [...controllers].flatMap((controller) => {
    if (!controller) return [];
    const methods = Object.entries(Object.getOwnPropertyDescriptors(controller.prototype as object));
    return methods.flatMap(([name, { value }]): RouteAccess[] => {
      if (typeof value !== 'function' || Reflect.getMetadata(PATH_METADATA, value) === undefined) return [];
      const places = [value as () => void, controller];
      const open = reflector.getAllAndOverride<string | undefined>(OPEN, places) ?? null;
      const scopes = open === null ? (reflector.getAllAndOverride<string[] | undefined>(SCOPES, places) ?? []) : null;
      return [{ operationId: `${controller.name}_${name}`, scopes, open }];
    });
  });
}
