// What intake's doers need, gathered once by the module and injected under one token.
export const INTAKE_PARTS = Symbol('IntakeParts');
