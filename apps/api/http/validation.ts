// Validation of request bodies and queries: unknown members are refused, and every fault is pointed at with a remedy.
import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { Problem, type ProblemItem } from '#contracts';

/** What to do about a fault, by the name of the rule that was broken. */
const REMEDIES: Record<string, { en: string; th: string }> = {
  whitelistValidation: {
    en: 'Remove this member; see /docs for the ones that are known.',
    th: 'ลบช่องนี้ออก ดูช่องที่ใช้ได้ที่ /docs',
  },
  isNotEmpty: { en: 'Give a value.', th: 'กรุณาระบุค่า' },
  isString: { en: 'Give text in quotes.', th: 'กรุณาระบุเป็นข้อความ' },
  isInt: { en: 'Give a whole number.', th: 'กรุณาระบุเป็นจำนวนเต็ม' },
  isBoolean: { en: 'Give true or false.', th: 'กรุณาระบุ true หรือ false' },
  isArray: { en: 'Give a list.', th: 'กรุณาระบุเป็นรายการ' },
  isIn: { en: 'Use one of the values named.', th: 'กรุณาใช้ค่าใดค่าหนึ่งที่ระบุไว้' },
};
const OTHER = { en: 'Correct it as described; see /docs.', th: 'กรุณาแก้ไขตามที่ระบุ ดูรายละเอียดที่ /docs' };

/** One item per broken rule, with a JSON pointer. The values themselves are never repeated: they may be numbers of people. */
export function problemItems(errors: ValidationError[], above = '#'): ProblemItem[] {
  return errors.flatMap((error) => {
    const pointer = `${above}/${error.property.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const own = Object.entries(error.constraints ?? {}).map(([rule, message]): ProblemItem => {
      const remedy = REMEDIES[rule] ?? OTHER;
      return { pointer, code: rule, detail: message, remedy: remedy.en, remedyTh: remedy.th };
    });
    return [...own, ...problemItems(error.children ?? [], pointer)];
  });
}

export function validationPipe(): ValidationPipe {
  return new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) =>
      new Problem(
        422,
        'request-not-valid',
        'The request is not valid',
        'Nothing was done; correct what is listed and send it again.',
        {
          errors: problemItems(errors),
          detailTh: 'ยังไม่มีการดำเนินการใด กรุณาแก้ไขตามรายการแล้วส่งใหม่',
        },
      ),
  });
}
