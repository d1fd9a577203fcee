import { UsageError } from '../errors/index.js';

const units = { s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** `30s`, `5m` or `1h` in milliseconds. @throws UsageError code BAD_USAGE */
export function milliseconds(flag: string, text: string): number {
  const [, number, unit] = /^(\d{1,4})([smh])$/.exec(text) ?? [];
  if (number !== undefined) return Number(number) * units[unit as keyof typeof units];
  throw new UsageError(`${flag} is ${JSON.stringify(text)}, which is no length of time.`, {
    code: 'BAD_USAGE',
    hint: 'Write a whole number and a unit: 30s, 5m, 1h.',
  });
}
