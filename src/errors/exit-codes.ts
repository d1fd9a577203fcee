/** What a script can rely on (documented in the README; stable). */
export const exitCodes = {
  done: 0,
  unexpected: 1,
  usage: 2,
  refused: 3,
  incomplete: 4,
  changes: 5,
  declined: 6,
  busy: 7,
  unhealthy: 8,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
