// Lines as people see them: enough to recognise one's own, not enough to call it.
import type { Access } from '#contracts';

export interface MaskedLine {
  access: Access;
  /** `+6681***5678`, or `TOT ***4567` for a circuit. */
  line: string;
}

/** @param lineKey `M:66…` or `F:<provider>:<circuit>` */
export function maskLine(lineKey: string): MaskedLine {
  if (lineKey.startsWith('M:')) {
    const digits = lineKey.slice(2);
    return { access: 'MB', line: `+${digits.slice(0, 4)}***${digits.slice(-4)}` };
  }
  const at = lineKey.indexOf(':', 2);
  const circuit = lineKey.slice(at + 1);
  // At most half of a circuit number is shown, however short a provider's numbers are.
  return {
    access: 'FB',
    line: `${lineKey.slice(2, at)} ***${circuit.slice(circuit.length - Math.min(4, Math.floor(circuit.length / 2)))}`,
  };
}
