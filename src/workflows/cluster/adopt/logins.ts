import type { Machine, Secret } from '../../../domain/index.js';
import { messageOf, SlipwayError } from '../../../errors/index.js';
import { rootTarget } from '../../../phases/session.js';
import type { MachineProvider } from '../../../provider/port.js';
import { progress, type WorkflowContext } from '../../context.js';

export interface Logins {
  /** Machines whose host key is not known, or that do not take the key. */
  readonly refused: readonly Machine[];
  /** Machines that do not answer, and why. */
  readonly silent: readonly { readonly machine: string; readonly because: string }[];
}

/** Tries to log in to each machine by its pinned host key. @param identity undefined: there is no key to try */
export async function tryLogins(
  context: WorkflowContext,
  provider: MachineProvider,
  machines: readonly Machine[],
  identity: Secret | undefined,
  pins: ReadonlyMap<string, readonly string[]>,
): Promise<Logins> {
  const refused: Machine[] = [];
  const silent: { machine: string; because: string }[] = [];
  if (machines.length > 0 && identity) progress(context, 'trying the SSH key on the machines');
  await Promise.all(
    machines.map(async (machine) => {
      const known = pins.get(machine.name) ?? [];
      const { name, publicAddress } = machine;
      if (!identity || known.length === 0 || publicAddress === undefined) return void refused.push(machine);
      try {
        const target = await rootTarget(provider, { name, publicAddress }, identity, async () => known, context);
        await context.remote.connect(target, provider.traits.answersWithinMs, context);
      } catch (error) {
        context.signal.throwIfAborted();
        if (!(error instanceof SlipwayError)) throw error;
        if (['SSH_LOGIN_REFUSED', 'HOST_KEY_MISMATCH'].includes(error.code)) refused.push(machine);
        else silent.push({ machine: name, because: messageOf(error) });
      }
    }),
  );
  return { refused: machines.filter((machine) => refused.includes(machine)), silent };
}
