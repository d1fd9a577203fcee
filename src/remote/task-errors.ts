import { IncompleteError, type SlipwayErrorOptions } from '../errors/index.js';
import type { TaskOutput } from './task-output.js';

/** A host task that came to an end, but not to a good one. */
export class TaskFailedError extends IncompleteError {
  constructor(
    readonly machine: string,
    readonly task: string,
    /** The script's own code: `DISK_FULL`, `NODE_PASSWORD_REJECTED`; undefined when it died without a word. */
    readonly taskCode: string | undefined,
    message: string,
    options: SlipwayErrorOptions,
  ) {
    super(message, { ...options, hostCode: taskCode });
  }
}

const hints: Readonly<Record<string, string>> = {
  CURL_MISSING: 'Use a system image with curl, then run the same command again.',
  DOWNLOAD_FAILED:
    'Check that the machine may reach the internet and that the release exists, then run the same command again.',
  CHECKSUM_MISMATCH: 'Run the same command again. If it stays so, the place it is downloaded from cannot be trusted.',
  DISK_FULL: 'Make room on the machine or choose a larger type, then run the same command again.',
  BAD_TOKEN:
    'Compare /etc/rancher/k3s/config.yaml with another server’s, or delete the machine and run the command again.',
  CA_MISMATCH: 'The machine was part of another cluster: delete it and run the same command again.',
  NODE_PASSWORD_REJECTED: 'Delete the node of that name (kubectl delete node NAME), then run the same command again.',
  PORT_IN_USE: 'Stop the other program on the machine, then run the same command again.',
  NOT_A_MEMBER:
    'Run the same command again once another server of the cluster is Ready: it joins anew. If there is none, this one may hold the last data: keep them.',
  NO_BOOTSTRAP_DATA:
    'The cluster has run, or another server may hold its data: bring that one back first. Keep /var/lib/rancher/k3s/server of this one.',
  HOLDS_DATA:
    'Look at /var/lib/rancher/k3s/server on the machine. Where nothing of it is needed, delete the cluster and create it again.',
  SERVER_UNREACHABLE:
    'Check that the machines reach each other on their private addresses, then run the same command again.',
  KEEPALIVED_MISSING:
    'Install keepalived on the machine, or write `vipProvider: kube-vip` under kubernetes.api; then run the same command again.',
  KEEPALIVED_CONFIG: 'Update keepalived on the machine, or write `vipProvider: kube-vip` under kubernetes.api.',
  SELINUX_LABEL:
    'Update selinux-policy-targeted on the machine, or write `vipProvider: kube-vip` under kubernetes.api; then run the same command again.',
  ADDRESS_TAKEN: 'Reserve an address for kubernetes.api.address that nobody has, then run the same command again.',
  ADDRESS_TWICE:
    'Let VRRP (IP protocol 112) through between the servers, or write `vipProvider: kube-vip` under kubernetes.api.',
  ADDRESS_SILENT:
    'Check that kubernetes.api.address is a free address of the servers’ own network, then run the same command again.',
  STEPPED_ASIDE: 'Another run of Slipway works on this machine. Run the same command again once that is over.',
  CLOUD_INIT_FAILED:
    'Look at /var/log/cloud-init-output.log on the machine, or delete it and run the same command again.',
};

/** Characters of a script's reason that are shown. */
const shownOfReason = 2_000;

const runAgain = 'Fix what the message names, then run the same command again: finished steps are skipped.';

/** Why a task with a bad exit failed. */
export function taskFailed(
  machine: string,
  task: string,
  output: TaskOutput,
  code: number | undefined,
  scrub: (text: string) => string,
): IncompleteError {
  const { error_code: taskCode, error } = output.facts;
  const details = output.lastLines.map(scrub);
  const reason =
    error !== undefined
      ? scrub(error).slice(0, shownOfReason)
      : `it ended with code ${output.exit ?? code ?? 'unknown'}${details.length > 0 ? `: ${details.at(-1)}` : ''}`;
  if (output.exit === 124 || output.exit === 137) return taskTimeout(machine, task, reason, details);
  return new TaskFailedError(machine, task, taskCode, `${machine}: ${task} failed: ${reason}.`.replace(/\.\.$/, '.'), {
    code: 'TASK_FAILED',
    hint: hints[taskCode ?? ''] ?? runAgain,
    details,
  });
}

export function taskTimeout(
  machine: string,
  task: string,
  reason: string,
  details: readonly string[],
): IncompleteError {
  return new IncompleteError(`${machine}: ${task} did not end in its time: ${reason}.`, {
    code: 'TASK_TIMEOUT',
    hint: 'Run the same command again: it waits for what still runs on the machine, and goes on from there.',
    details,
  });
}

export function taskSaidTooMuch(machine: string, task: string, details: readonly string[]): IncompleteError {
  return new IncompleteError(`${machine}: the output of ${task} came to no end and was given up.`, {
    code: 'TASK_OUTPUT',
    hint: 'Look for what writes into each session on the machine: a profile of the shell, a forced command. Then run the same command again.',
    details,
  });
}
