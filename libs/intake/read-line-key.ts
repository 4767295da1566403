// A line named by itself, outside any registration: for withdrawals and look-ups.
import type { Catalogue } from './catalogue.js';
import { fold, readCircuit, readPhone, rowProblem, type RowProblem } from './reading/index.js';

export type LineKeyReading = { outcome: 'line'; lineKey: string } | { outcome: 'rejected'; problem: RowProblem };

/** The canonical key of a line as a person writes it, with the repairs that a file's row would get. */
export function lineKeyIn(
  catalogue: Catalogue,
  line: { access: 'MB' | 'FB'; provider?: string; number: string },
): LineKeyReading {
  if (line.access === 'MB') {
    const phone = readPhone(line.number);
    if (phone.outcome === 'rejected') return { outcome: 'rejected', problem: rowProblem('line', phone.code) };
    if (phone.type !== 'MOBILE') return { outcome: 'rejected', problem: rowProblem('line', 'PHONE_NOT_MOBILE') };
    return { outcome: 'line', lineKey: `M:${phone.e164.slice(1)}` };
  }
  const known = [...catalogue.providers.keys()].join(', ');
  if (line.provider === undefined) return { outcome: 'rejected', problem: rowProblem('provider', 'MISSING') };
  const wanted = fold(line.provider);
  const provider = [...catalogue.providers.values()].find((each) => fold(each.code) === wanted);
  if (!provider) return { outcome: 'rejected', problem: rowProblem('provider', 'PROVIDER_UNKNOWN', known) };
  if (provider.circuitPattern === null)
    return { outcome: 'rejected', problem: rowProblem('provider', 'PROVIDER_LACKS_ACCESS', 'MB') };
  const circuit = readCircuit(line.number, new RegExp(provider.circuitPattern));
  if (circuit.outcome === 'rejected')
    return { outcome: 'rejected', problem: rowProblem('line', circuit.code, provider.code) };
  return { outcome: 'line', lineKey: `F:${provider.code}:${circuit.circuit}` };
}
