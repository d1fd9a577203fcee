/** When a finding holds, in milliseconds since 1970. */
export interface Span {
  readonly from: number;
  readonly until: number;
}

/**
 * What was found right once and need not be looked into again. Only ever saves work: what is kept may be lost, and whatever
 * is not found is looked into.
 */
export interface Findings {
  /** @param key names all that the finding depends on, and no secret: it is kept as it is */
  holds(key: string, at: number): boolean;
  add(key: string, span: Span): void;
}

/** For what does not depend on time. */
export const always: Span = { from: 0, until: Number.MAX_SAFE_INTEGER };
