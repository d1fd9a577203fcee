import type { acceptable } from '../../../src/domain/spec/hosts.js';
import type { ErrorCode } from '../../../src/errors/index.js';

/** Something about a host that matters, before it is decided whether it stands in the way. */
export interface Finding {
  /** Stable, upper case. */
  readonly code: ErrorCode;
  /** The word for it in `preflight.accept`; undefined when it can't be gone on with. */
  readonly accept?: (typeof acceptable)[number] | undefined;
  readonly message: string;
  readonly hint: string;
  /** Worth knowing only: said, and in nobody's way. */
  readonly mild?: boolean;
}
