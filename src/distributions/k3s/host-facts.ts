import type { Machine } from '../../domain/index.js';
import type { StepContext } from '../../engine/index.js';
import { deadlines } from '../../phases/deadlines.js';
import type { Session } from '../../remote/types.js';
import { firstLogin, type HostFactsParsed, parseHostFacts } from './host/index.js';

/** What a machine is, once its cloud-init and its private interface are through. */
export const hostFacts = async (machine: Machine, session: Session, run: StepContext): Promise<HostFactsParsed> =>
  parseHostFacts(
    await session.run(
      firstLogin({
        privateAddress: machine.privateAddress,
        // On a machine that was there before us cloud-init is its owner's affair.
        cloudInit: machine.login === undefined,
        deadlineMs: deadlines.cloudInit,
      }),
      run,
    ),
  );
