/** Something wrong with a specification, and where: `['pools', 1, 'name']`. */
export interface SpecProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** The value, where it may be a default that the file does not hold. */
  readonly value?: string;
  /** Whether the key itself is wrong, not its value. */
  readonly atKey?: boolean;
}
