import { osOf } from '../first-files.js';
import { type TaskContext, TaskFailure } from '../task-runner.js';

export async function firstLogin({ machine, need, param, say, fact, until, deadlineMs }: TaskContext): Promise<void> {
  if (need('CLOUD_INIT') === 'true') {
    if (machine.cloudInit.status !== 'absent') say('waiting for cloud-init');
    const ended = (): true | undefined =>
      ['done', 'error', 'absent'].includes(machine.cloudInit.status) ? true : undefined;
    await machine.until(ended, deadlineMs);
    const { status, errors } = machine.cloudInit;
    if (status === 'error') {
      throw new TaskFailure('CLOUD_INIT_FAILED', `cloud-init ended with status error: ${errors.join('; ')}`);
    }
  }
  const desired = param('PRIVATE_ADDRESS');
  const byAddress = (): string | undefined =>
    machine.interfaces.find(({ address, up }) => up && address === desired)?.name;
  if (desired !== '' && byAddress() === undefined) say(`waiting for the interface with ${desired}`);
  const found = desired === '' ? '' : await until(byAddress, deadlineMs - 5_000);
  if (found === undefined) {
    const there = machine.interfaces.map(({ name, address }) => `${name} ${address}`).join('  ');
    throw new TaskFailure('PRIVATE_INTERFACE_MISSING', `no interface has the address ${desired}; there are: ${there}`);
  }
  await machine.wait(machine.context.profile().smallTaskMs);
  const os = osOf(machine.spec);
  fact('os', os.id);
  fact('os_version', os.version);
  fact('arch', machine.spec.architecture);
  fact('cores', machine.spec.cores);
  fact('memory_mib', machine.spec.memoryMiB);
  fact('disk_free_mib', Math.floor(machine.files.freeBytes / 1024 / 1024));
  fact('boot_id', machine.bootId);
  fact('hostname', machine.hostname);
  fact('cgroup', machine.traits?.cgroup ?? 'v2');
  fact('private_interface', found);
}
