// npm run bench:hosts [-- --rounds N] [--sizes 1+1,3+2] [--timeline] [--out FILE]: seconds until all nodes are Ready on
// real hosts, with Slipway and with a bare script (floor.sh), on hosts made anew each time. Started by test/e2e/run.sh.
import { Buffer } from 'node:buffer';
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';

import { parse, stringify } from 'yaml';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    sizes: { type: 'string', default: '1+1,3+2' },
    timeline: { type: 'boolean' },
    out: { type: 'string' },
  },
});
const [rig, floor] = ['../e2e/rig/rig.sh', 'floor.sh'].map((path) => new URL(path, import.meta.url).pathname);
const { SLIPWAY_E2E_PROGRAM: program, SLIPWAY_E2E_VERSION: version, SLIPWAY_E2E_BUNDLE: bundle } = process.env;
const { SLIPWAY_E2E_KEY: key, SLIPWAY_E2E_KNOWN_HOSTS: knownHosts } = process.env;
/** The very file that the bundle has. */
const k3s = join(bundle, process.arch === 'arm64' ? 'k3s-arm64' : 'k3s');
const run = promisify(execFile);
const aim = 1.1;
const giveUpMs = 300_000;
const [firstServer, firstAgent] = [71, 81];

const ssh = [
  ...['ssh', '-i', key, '-F', 'none', '-o', `UserKnownHostsFile=${knownHosts}`, '-o', 'StrictHostKeyChecking=yes'],
  ...['-o', 'BatchMode=yes', '-o', 'LogLevel=ERROR'],
];

/** Hosts as they come: made, booted, and at rest. */
async function createHosts(servers, agents) {
  const octets = [
    ...Array.from({ length: servers }, (_, i) => [`s${i + 1}`, firstServer + i]),
    ...Array.from({ length: agents }, (_, i) => [`w${i + 1}`, firstAgent + i]),
  ];
  const hosts = await Promise.all(
    octets.map(async ([name, octet]) => JSON.parse((await run(rig, ['create', name, String(octet)])).stdout)),
  );
  await Promise.all(
    hosts.map(({ name }) => run(rig, ['ssh', name, 'systemctl is-system-running --wait >/dev/null; true'])),
  );
  return hosts;
}

const destroyHosts = (hosts) => Promise.all(hosts.map(({ name }) => run(rig, ['destroy', name])));

/** Milliseconds since `began` at which the API first showed `count` nodes, all of them Ready. */
async function allReady(server, count, began) {
  const waiting = 'until [ -s /etc/rancher/k3s/k3s.yaml ]; do sleep 0.1; done; cat /etc/rancher/k3s/k3s.yaml';
  const { stdout } = await run(ssh[0], [...ssh.slice(1), `root@${server}`, waiting], { timeout: giveUpMs });
  const { clusters, users } = parse(stdout);
  const [cluster, user] = [clusters[0].cluster, users[0].user];
  const decoded = (text) => Buffer.from(text, 'base64');
  const options = {
    ca: decoded(cluster['certificate-authority-data']),
    cert: decoded(user['client-certificate-data']),
    key: decoded(user['client-key-data']),
    timeout: 2000,
  };
  for (;;) {
    if (performance.now() - began > giveUpMs) throw new Error(`not all nodes were Ready after ${giveUpMs / 1000} s`);
    const nodes = await get(`https://${server}:6443/api/v1/nodes?resourceVersion=0`, options).catch(() => []);
    const ready = nodes.filter(({ status }) =>
      status.conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
    );
    if (ready.length === count) return performance.now() - began;
    await pause(200);
  }
}

const get = (url, options) =>
  new Promise((resolve, reject) => {
    const asked = request(url, options, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(text).items);
        else reject(new Error(`${response.statusCode}`));
      });
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer')));
    asked.on('error', reject);
    asked.end();
  });

/** A command to its end; `heard` gets each line of its standard error. */
function toItsEnd(command, args, options, heard = () => {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
    let rest = '';
    let said = '';
    child.stderr.on('data', (chunk) => {
      said = (said + chunk).slice(-5000);
      const lines = (rest + chunk).split('\n');
      rest = lines.pop();
      lines.forEach(heard);
    });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`${command} ended with ${code}: ${said}`))));
  });
}

/** What each way takes: until all are Ready, and until its command has ended. */
const ways = {
  async floor(servers, agents) {
    const addresses = (hosts) => hosts.map(({ address }) => address).join(' ');
    const env = { ...process.env, FLOOR_SSH: ssh.join(' '), FLOOR_KUBELET_ARGS: 'fail-cgroupv1=false' };
    await toItsEnd(floor, [k3s, addresses(servers), addresses(agents)], { env });
  },
  async slipway(servers, agents, began) {
    const home = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
    mkdirSync(join(home, 'ws'));
    const listed = ({ name, address, fingerprint }, type) => ({ name, address, hostKey: fingerprint, type });
    const file = {
      name: 'bench',
      network: { encryption: 'none' },
      preflight: { accept: ['cgroup-v1', 'disk-small', 'disk-slow', 'memory', 'time', 'swap', 'os'] },
      provider: {
        name: 'ssh',
        identity: key,
        hosts: [...servers.map((host) => listed(host, host.name)), ...agents.map((host) => listed(host, 'agent'))],
      },
      kubernetes: { version, bundle, disable: ['coredns', 'metrics-server'] },
      controlPlane: { count: servers.length, type: servers.length === 1 ? 's1' : servers.map(({ name }) => name) },
      pools: [{ name: 'workers', type: 'agent', count: agents.length }],
    };
    writeFileSync(join(home, 'cluster.yaml'), stringify(file));
    const env = { PATH: process.env.PATH, HOME: home, SLIPWAY_HOME: join(home, 'ws'), CI: '1', NO_COLOR: '1' };
    const args = ['cluster', 'create', '-f', join(home, 'cluster.yaml'), '--yes', '--progress', 'json'];
    const told = (line) => {
      if (!values.timeline || !line.startsWith('{')) return;
      const { type, id, text } = JSON.parse(line);
      if (!/^step-(started|done|progress)/.test(type)) return;
      console.log(`  ${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${type} ${id} ${text ?? ''}`);
    };
    await toItsEnd(join(program, 'bin/run.js'), args, { cwd: home, env }, told);
    rmSync(home, { recursive: true, force: true });
  },
};

async function measure(way, servers, agents) {
  const hosts = await createHosts(servers, agents);
  try {
    const began = performance.now();
    const ended = ways[way](hosts.slice(0, servers), hosts.slice(servers), began).then(() => performance.now() - began);
    // A command that fails ends the waiting, too; one that is done goes on being waited for.
    const failed = ended.then(() => new Promise(() => {}));
    const ready = await Promise.race([allReady(hosts[0].address, hosts.length, began), failed]);
    return { ready: ready / 1000, ended: (await ended) / 1000 };
  } finally {
    await destroyHosts(hosts);
  }
}

const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
};
const rounded = (value) => Number(value.toFixed(1));
const table = [];
for (const size of values.sizes.split(',')) {
  const [servers, agents] = size.split('+').map(Number);
  const times = { floor: [], slipway: [] };
  for (let round = 1; round <= Number(values.rounds); round++) {
    // Which one is first changes from round to round: neither has always the warmer machine.
    const order = round % 2 === 1 ? ['floor', 'slipway'] : ['slipway', 'floor'];
    for (const way of order) {
      const took = await measure(way, servers, agents);
      times[way].push(took);
      console.log(
        `${size}, round ${round}: ${way} has all Ready after ${took.ready.toFixed(1)} s, and ends after ${took.ended.toFixed(1)} s`,
      );
    }
  }
  const ready = (way) => times[way].map((one) => one.ready);
  table.push(
    ...['floor', 'slipway'].map((way) => ({
      cluster: size,
      with: way,
      'all Ready, min (s)': rounded(Math.min(...ready(way))),
      'median (s)': rounded(median(ready(way))),
      'ratio of mins': Number((Math.min(...ready(way)) / Math.min(...ready('floor'))).toFixed(2)),
      'ratio of medians': Number((median(ready(way)) / median(ready('floor'))).toFixed(2)),
      'command ends, median (s)': rounded(median(times[way].map(({ ended }) => ended))),
      aim: way === 'slipway' ? aim : undefined,
      times,
    })),
  );
}
console.table(
  table.map((row) =>
    Object.fromEntries(Object.entries(row).filter(([key, value]) => key !== 'times' && value !== undefined)),
  ),
);
if (values.out) writeFileSync(values.out, JSON.stringify({ node: process.version, k3s: version, table }, undefined, 2));
