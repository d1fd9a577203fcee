import { type TaskContext, TaskFailure } from '../task-runner.js';

const secrets = [
  '/etc/rancher/node/password',
  '/etc/rancher/k3s/config.yaml',
  '/var/lib/rancher/k3s/server',
  '/etc/slipway/claim',
];
const own = [
  '/etc/ssh/ssh_host_ed25519_key',
  '/etc/ssh/ssh_host_ed25519_key.pub',
  '/etc/ssh/sshd_config.d/00-slipway-host-key.conf',
  '/var/lib/slipway',
  '/root/.ssh/authorized_keys',
];

/** `seal-image.sh`. */
export async function sealImage({ machine, fact }: TaskContext): Promise<void> {
  await machine.wait(machine.context.profile().smallTaskMs);
  const { files } = machine;
  const left = secrets.find((path) => files.exists(path));
  if (left !== undefined)
    throw new TaskFailure(
      'NOT_AN_IMAGE',
      `${left} is on this machine: k3s was started on it, so that it cannot be an image for others`,
    );
  for (const path of own) if (files.exists(path)) files.removeTree(path);
  machine.changed();
  fact('sealed', 'true');
}
