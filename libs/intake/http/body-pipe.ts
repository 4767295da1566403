// Checks request bodies against their DTO and answers with a Problem that points at every wrong field.
import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { Problem, type ProblemItem } from '#contracts';

function items(errors: ValidationError[], base: string): ProblemItem[] {
  return errors.flatMap((error) => {
    const pointer = `${base}/${error.property}`;
    const own = Object.entries(error.constraints ?? {}).map(([code, detail]): ProblemItem => ({
      pointer, field: error.property, code,
      // The validator's own text names the property and the rule, never the value.
      detail: code === 'whitelistValidation' ? `The field ${error.property} is not known here.` : detail,
    }));
    return [...own, ...items(error.children ?? [], pointer)];
  });
}

/** Fields that are not known are refused, so that a misspelt one is not silently left out. */
export const bodyPipe = new ValidationPipe({
  transform: true,
  whitelist: true,
  forbidNonWhitelisted: true,
  forbidUnknownValues: true,
  validationError: { target: false, value: false },
  exceptionFactory: (errors) =>
    new Problem(400, 'invalid-request', 'The request cannot be read', 'Correct the fields listed under errors.', {
      errors: items(errors, '#'), detailTh: 'แก้ไขข้อมูลตามรายการ errors',
    }),
});
