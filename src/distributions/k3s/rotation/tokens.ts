import { createHash } from 'node:crypto';

import { type Machine, type Secret, slotLabel } from '../../../domain/index.js';
import { from, type Later, needsOf, type Step, type StepContext, valueOf } from '../../../engine/index.js';
import { messageOf } from '../../../errors/index.js';
import type { ClusterApi, PhaseContext } from '../../../phases/context.js';
import { deadlines } from '../../../phases/deadlines.js';
import { lookInside, openSession } from '../../../phases/session.js';
import type { Session } from '../../../remote/types.js';
import type { RollingRequest } from '../../rotations.js';
import { parseServerInfo, putTokens, rotateToken, type ServerInfo, serverInfo } from '../host/index.js';
import { snapshotSource } from '../snapshot/source.js';
import { passwordOf } from '../snapshot/inspect.js';
import { rollingSteps, type RollingChange, startingAnew } from './rolling.js';

type Context = Omit<PhaseContext, 'rules'>;

interface NextTokens {
  readonly server: Secret;
  readonly agent: Secret;
}

/**
 * Other tokens for servers and for agents. They are stored before k3s hears of them; then every server has them in its
 * configuration within moments, as none starts with the old one any more; then nodes are started with them, servers first, as
 * agents can only join by way of a server that takes theirs. Each step may be done again.
 */
export function planTokens(context: Context, api: ClusterApi, request: RollingRequest): readonly Step[] {
  const made = nextStep(context);
  const next = from(made);
  const taken = takenStep(context, next);
  const servers = context.facts.machines.filter(({ role }) => role === 'control-plane');
  const put = servers.map((server) => putStep(context, server, next, taken));
  const change: Omit<RollingChange, 'work' | 'phase' | 'text'> = { context, api, request, id: 'tokens' };
  const started = rollingSteps(
    {
      ...change,
      phase: 'Start servers with the new tokens',
      text: () => 'start k3s with the new tokens; its pods run on',
      work: savedAround(change, next),
    },
    'control-plane',
    put,
  );
  const workers = rollingSteps(
    {
      ...change,
      phase: 'Start workers with the new token',
      text: () => 'give it the new token, and start k3s with it; its pods run on',
      work: startingAnew(change, async (session, _machine, run) => {
        await session.run(putTokens({ password: valueOf(next, run).agent, deadlineMs: deadlines.hostTask }), run);
      }),
    },
    'worker',
    [made, ...started.slice(-1)],
  );
  return [made, taken, ...put, ...started, ...workers, swapStep(context, next, [...started, ...workers])];
}

/**
 * Starts k3s of a server with other tokens. It writes the password of agents to its disk alone, and would refuse to start a second
 * time with what etcd does not have: so it is told to save it as soon as it is up, and before, where a run that was killed has not.
 */
function savedAround(
  { context, api }: Pick<RollingChange, 'context' | 'api'>,
  next: Later<NextTokens>,
): RollingChange['work'] {
  const save = async (session: Session, run: StepContext, again: 'yes' | 'try'): Promise<void> => {
    const password = valueOf(next, run).server;
    await session.run(rotateToken({ password, again, deadlineMs: deadlines.hostTask }), run);
  };
  const start = startingAnew({ context, api }, (session, _machine, run) => save(session, run, 'try'));
  return async (machine, run) => {
    await start(machine, run);
    await save(await openSession(context.tools, machine, deadlines.ssh, run), run, 'yes');
  };
}

function nextStep({ cluster, tools }: Context): Step<NextTokens> {
  return {
    id: 'next-tokens',
    phase: 'Make new tokens',
    target: cluster.name,
    text: 'make new tokens for servers and agents, and store them',
    needs: [],
    apply: async () => ({
      server: await tools.folder.secret('next-server-token', () => tools.newToken()),
      agent: await tools.folder.secret('next-agent-token', () => tools.newToken()),
    }),
  };
}

function takenStep(context: Context, next: Later<NextTokens>): Step {
  const { cluster, facts, tools } = context;
  const source = snapshotSource(cluster.name, facts);
  return {
    id: 'take-token',
    phase: 'Make new tokens',
    target: slotLabel(source),
    text: 'have the cluster take the new token of servers, in place of the old one',
    changes: true,
    needs: needsOf(next),
    apply: async (run) => {
      const { server } = valueOf(next, run);
      const now = await tokensNow(context, run);
      // Whoever has the new one took it from a run that was killed: then all of them do.
      if (now.some((info) => passwordOf(info.serverToken) === server.reveal())) return;
      for (const info of now) await keepFormer(context, info);
      const session = await openSession(tools, source, deadlines.ssh, run);
      await session.run(rotateToken({ password: server, deadlineMs: deadlines.hostTask }), run);
    },
  };
}

/** What servers have; those that cannot be asked now are left out. */
async function tokensNow({ facts, tools }: Context, run: StepContext): Promise<readonly ServerInfo[]> {
  const servers = facts.machines.filter(({ role }) => role === 'control-plane');
  const found = await Promise.all(
    servers.map(async (machine) => {
      try {
        const session = await lookInside(tools, machine, run);
        return parseServerInfo(await session.run(serverInfo(), run));
      } catch (error) {
        run.signal.throwIfAborted();
        run.progress(`${machine.name} does not tell its token: ${messageOf(error)}`);
        return undefined;
      }
    }),
  );
  return found.filter((info) => info !== undefined);
}

/** Snapshots that lie on servers open with the token of their time alone. Backups carry theirs with them. */
async function keepFormer({ tools: { folder } }: Context, { serverToken }: ServerInfo): Promise<void> {
  const password = passwordOf(serverToken);
  const name = createHash('sha256').update(password).digest('hex').slice(0, 8);
  await folder.secret(`former-server-token-${name}`, () => password);
}

const putStep = (context: Context, machine: Machine, next: Later<NextTokens>, taken: Step): Step => ({
  id: `put-tokens:${machine.name}`,
  phase: 'Make new tokens',
  target: slotLabel(machine),
  text: 'write the new tokens into its configuration',
  changes: true,
  lasts: true,
  needs: [...needsOf(next), taken],
  apply: async (run) => {
    const { server, agent } = valueOf(next, run);
    const session = await openSession(context.tools, machine, deadlines.ssh, run);
    await session.run(putTokens({ password: server, agent, deadlineMs: deadlines.hostTask }), run);
  },
});

const swapStep = ({ cluster, tools: { folder } }: Context, next: Later<NextTokens>, needs: readonly Step[]): Step => ({
  id: 'swap-tokens',
  phase: 'Make the new tokens the cluster’s',
  target: cluster.name,
  text: 'make the new tokens the workspace’s',
  changes: true,
  needs: [...needsOf(next), ...needs],
  apply: async (run) => {
    const { server, agent } = valueOf(next, run);
    await folder.replaceSecret('server-token', server);
    await folder.replaceSecret('agent-token', agent);
    await folder.forgetSecret('next-agent-token');
    // Last: as long as it is there, the rotation goes on.
    await folder.forgetSecret('next-server-token');
  },
});
