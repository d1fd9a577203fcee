/** `1.36` of `v1.36.5`, and of itself; undefined of what is no release. */
export const minorOf = (version: string): string | undefined => /^v?(\d+\.\d+)(\.|$)/.exec(version)?.[1];

const numberOf = (minor: string): number => {
  const [major = 0, number = 0] = (minorOf(minor) ?? '0.0').split('.').map(Number);
  return major * 1_000 + number;
};

/** Negative where `a` is an older minor than `b`. */
export const compareMinors = (a: string, b: string): number => numberOf(a) - numberOf(b);

/** `1.37` after `1.36`. */
export const nextMinor = (minor: string): string => {
  const [major, number] = minor.split('.').map(Number);
  return `${major}.${number! + 1}`;
};
