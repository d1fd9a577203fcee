import { describe, expect, it } from 'vitest';

import type { Secret } from '../../../src/domain/index.js';
import { clusterSchema } from '../../../src/config/cluster-schema.js';
import { runSteps } from '../../../src/engine/index.js';
import { holdVip, vipDescription } from '../../../src/distributions/k3s/host/index.js';
import { TaskFailedError } from '../../../src/remote/index.js';
import type { HostFacts, HostTask } from '../../../src/remote/types.js';
import {
  address,
  specOf,
  server,
  login,
  turnOf,
  answers,
  plan,
  engine,
  ids,
  idOf,
  webJoins,
  turns,
  step,
  before,
  three,
} from './planned.js';

describe('a new cluster with an address for its API', () => {
  const { steps } = plan({ spec: specOf(3), machines: [] });

  it('has its first server hold it before anybody learns how to join', () => {
    expect(before(steps, 'tokens')).toContain(idOf('address', 1));
    expect(before(steps, idOf('join', 2))).toContain(idOf('address', 1));
    expect(before(steps, idOf('address', 1))).toContain(idOf('init', 1));
  });

  it('has every server take its turn once it votes, knowing all others that could be made', () => {
    expect(before(steps, idOf('address', 2))).toContain(idOf('join', 2));
    expect(ids(step(steps, idOf('address', 1)).after)).toEqual([
      idOf('create', 1),
      idOf('create', 2),
      idOf('create', 3),
    ]);
  });

  it('is planned without an address where none is reserved', () => {
    expect(turns(plan({ spec: specOf(3, {}), machines: [] }).steps)).toEqual([]);
  });
});

describe('a cluster whose servers hold the address', () => {
  it('has nothing to do', () => {
    expect(plan({ spec: specOf(3), machines: three }).steps).toEqual([]);
  });

  it('tells those that run of a new server before that takes its turn', () => {
    const fresh = server(2, { generation: 2, status: 'running' });
    const machines = [three[0], fresh, three[2]];
    const holds = new Map([three[0], three[2]].map((each) => [each.name, vipDescription(turnOf(each, three))]));
    const { steps } = plan({ spec: specOf(3), machines, ready: [three[0], three[2]], holds });
    const joining = idOf('join', 2, 2);
    for (const id of [idOf('address', 1), idOf('address', 3), joining])
      expect(before(steps, idOf('address', 2, 2))).toContain(id);
    expect(before(steps, idOf('address', 1))).not.toContain(joining);
    expect(step(steps, idOf('address', 1))).toMatchObject({
      target: 'cp-1',
      text: `learn which servers hold ${address} with keepalived`,
      limits: ['join'],
    });
  });

  it('tells one that leaves, too, for as long as it is there', () => {
    const leaving = server(2, { markedForRemoval: true });
    const { steps } = plan({ spec: specOf(3), machines: [three[0], leaving, three[2]] });
    expect(before(steps, idOf('address', 2, 2))).toContain(idOf('address', 2));
    expect(before(steps, `remove:${leaving.name}`)).toContain(idOf('address', 2, 2));
  });

  it('forgets servers once they are gone', () => {
    const { steps } = plan({ spec: specOf(1), machines: three });
    expect(turns(steps).map(({ id }) => id)).toEqual([idOf('address', 1)]);
    const gone = before(steps, idOf('address', 1));
    for (const { name } of three.slice(1)) expect(gone).toContain(`remove:${name}`);
  });

  it('lets workers join in the very run that takes servers away', async () => {
    const spec = { ...specOf(1), pools: clusterSchema.shape.pools.parse([{ name: 'web', count: 1 }]) };
    const { steps } = plan({ spec, machines: three });
    // Told to stop before it begins: the engine only looks whether the plan holds together.
    expect((await runSteps(steps, { ...engine(), signal: AbortSignal.abort() })).failures).toEqual([]);
    expect(before(steps, `remove:${three[1].name}`)).not.toContain(webJoins);
    expect(before(steps, webJoins)).not.toContain(idOf('address', 1));
  });

  it('takes a first turn at the address before workers join by it, whichever servers leave', () => {
    const spec = { ...specOf(1), pools: clusterSchema.shape.pools.parse([{ name: 'web', count: 1 }]) };
    const holds = new Map(three.map(({ name }) => [name, undefined]));
    const { steps } = plan({ spec, machines: three, holds });
    expect(before(steps, webJoins)).toContain(idOf('address', 1));
  });

  it('has a server whose keepalived was stopped start it again, and no other', () => {
    const holds = new Map(
      three.map((each) => [each.name, each === three[1] ? undefined : vipDescription(turnOf(each, three))]),
    );
    expect(plan({ spec: specOf(3), machines: three, holds }).steps.map(({ id, text }) => `${id}: ${text}`)).toEqual([
      `${idOf('address', 2)}: take its turn at holding ${address} with keepalived`,
    ]);
  });

  it('changes to kube-vip where the file says so', () => {
    const { steps } = plan({ spec: specOf(3, { address, vipProvider: 'kube-vip' }), machines: three });
    expect(turns(steps)).toHaveLength(3);
    for (const { text } of turns(steps)) expect(text).toBe(`hand ${address} over from keepalived to kube-vip`);
  });

  it('hands over one server after the other, and only the last one holds the others to be heard', async () => {
    const found = new Map(three.map((each) => [each.name, vipDescription(turnOf(each, three, 'kube-vip'))]));
    const { steps, ran } = plan({ spec: specOf(3), machines: three, holds: found });
    expect(turns(steps).map(({ needs }) => ids(needs))).toEqual([[], [idOf('address', 1)], [idOf('address', 2)]]);
    expect((await runSteps(steps, engine())).failures).toEqual([]);
    expect(ran.map(({ params }) => params['HANDOVER'])).toEqual([true, true, false]);
  });

  it('goes on with a handover where it was cut short', () => {
    const found = new Map(
      three.map((each, index) => [
        each.name,
        vipDescription(turnOf(each, three, index === 0 ? 'keepalived' : 'kube-vip')),
      ]),
    );
    const { steps } = plan({ spec: specOf(3), machines: three, holds: found });
    expect(turns(steps).map(({ id, needs }) => [id, ids(needs)])).toEqual([
      [idOf('address', 2), []],
      [idOf('address', 3), [idOf('address', 2)]],
    ]);
  });

  it('leaves a server alone that cannot be asked, as long as nobody joins', () => {
    const holds = new Map(three.slice(1).map((each) => [each.name, vipDescription(turnOf(each, three))]));
    expect(plan({ spec: specOf(3), machines: three, holds }).steps).toEqual([]);
    const joining = plan({ spec: specOf(3), machines: three, ready: three.slice(0, 2), holds }).steps;
    expect(turns(joining).map(({ id }) => id)).toContain(idOf('address', 1));
  });
});

describe('an address that a running cluster gets later', () => {
  /** As the host task: no turn before the certificate names the address. */
  const host = () => {
    let named = false;
    return (task: HostTask): HostFacts => {
      if (task.name === 'start-k3s') named = (task.params['CONFIG'] as Secret).reveal().includes(address);
      if (task.name.startsWith('hold-') && !named) {
        throw new TaskFailedError('rack', task.name, 'NOT_IN_CERTIFICATE', 'not in it', { code: 'TASK_FAILED' });
      }
      return answers[task.name] ?? {};
    };
  };

  it('is named by its server’s certificate first: started anew, one at a time, joining at the address', async () => {
    const only = server(1);
    const { steps, ran } = plan({
      spec: specOf(1),
      machines: [only],
      holds: new Map([[only.name, undefined]]),
      run: host(),
    });
    const [first] = turns(steps);
    expect(first).toMatchObject({ id: idOf('address', 1), limits: ['join'], needs: [] });
    const result = await runSteps([{ ...first!, after: [] }], engine());
    expect(result.failures).toEqual([]);
    expect(ran.map(({ name }) => name)).toEqual([
      'hold-with-keepalived',
      'first-login',
      'server-info',
      'start-k3s',
      'hold-with-keepalived',
    ]);
    const config = (ran[3]!.params['CONFIG'] as Secret).reveal();
    expect(config).toContain(`server: "https://${address}:6443"`);
    expect(config).toContain('token: "K10aa::server:s"');
    expect(config).not.toContain('cluster-init');
    expect(ran[4]).toEqual(holdVip(turnOf(only, [only])));
  });

  it.each([
    ['of its owner is not asked', login, false],
    ['of a cloud is asked', undefined, true],
  ])('is started anew where cloud-init %s how its start went', async (_whose, way, asked) => {
    const only = server(1, { login: way });
    const { steps, ran } = plan({
      spec: specOf(1),
      machines: [only],
      holds: new Map([[only.name, undefined]]),
      run: host(),
    });
    const result = await runSteps([{ ...turns(steps)[0]!, after: [] }], engine());
    expect(result.failures).toEqual([]);
    expect(ran.find(({ name }) => name === 'first-login')!.params).toMatchObject({ CLOUD_INIT: asked });
  });
});
