import { writeFile } from 'node:fs/promises';

import { Flags } from '@oclif/core';

import { hostsSnippet, withHostKeys } from '../../config/ssh-endpoints.js';
import { exitCodes, UsageError } from '../../errors/index.js';
import { BaseCommand, yesFlag } from '../../cli/base-command.js';
import { parseScanAddress, scanTargetsOf } from '../../cli/scan-targets.js';
import { renderScan } from '../../cli/views/host-scan.js';
import { scanHosts, type ScannedHost } from '../../workflows/host/scan.js';

export default class HostScan extends BaseCommand {
  static override summary = 'Show the SSH keys of hosts, to compare and to write into the cluster file.';
  static override description =
    'Nothing is trusted: what answers may be somebody in between. Compare each fingerprint with what the host says on its own console. Exits with 3 when a host shows other keys than the file has, and with 4 when one does not answer.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 10.0.0.11 admin@rack2.example.org:2222',
    '<%= config.bin %> <%= command.id %> --file cluster.yaml --write',
  ];
  static override strict = false;
  static override usage = '<%= command.id %> ADDRESS... | --file FILE [--write]';
  static override flags = {
    file: Flags.string({ char: 'f', description: 'Look at the hosts of this cluster file, and compare.' }),
    write: Flags.boolean({
      description: 'Write the keys of hosts that have none into the file, once you say that they are right.',
      dependsOn: ['file'],
    }),
    yes: yesFlag,
  };

  async run(): Promise<{ hosts: readonly ScannedHost[] }> {
    const { argv, flags } = await this.parse(HostScan);
    const addresses = argv.map(String);
    if ((addresses.length === 0) === (flags.file === undefined)) {
      throw new UsageError('Which hosts? Name addresses, or a cluster file with --file, and not both.', {
        code: 'HOSTS_MISSING',
        hint: 'slipway host scan 10.0.0.11 10.0.0.12, or slipway host scan --file cluster.yaml',
      });
    }
    return this.withRuntime(flags, async (runtime) => {
      const { file } = flags;
      const { targets, text } =
        file === undefined
          ? { targets: addresses.map(parseScanAddress), text: '' }
          : await scanTargetsOf(file, process.env);
      const hosts = await scanHosts(runtime, targets);
      this.log(renderScan(hosts));
      const fresh = hosts.flatMap(({ state, keys }, index) =>
        state === 'new' ? [[index, keys[0]!.publicKey] as const] : [],
      );
      if (flags.write && file !== undefined && fresh.length > 0) {
        await runtime.reporter.confirm({
          question: `Have you compared them, and write them to ${file}?`,
          details: fresh.map(([index]) => `${hosts[index]!.name}: ${hosts[index]!.keys[0]!.fingerprint}`),
          flags: '--yes',
        });
        await writeFile(file, withHostKeys(text, new Map(fresh)));
        this.log(`\nWritten into ${file}.`);
      } else if (fresh.length > 0) {
        const entries = fresh.map(([index, hostKey]) => ({ ...hosts[index]!, hostKey }));
        this.log(`\nOnce compared, for the cluster file:\n\n${hostsSnippet(entries).trimEnd()}`);
      }
      if (hosts.some(({ state }) => state === 'differs')) process.exitCode = exitCodes.refused;
      else if (hosts.some(({ state }) => state === 'silent')) process.exitCode = exitCodes.incomplete;
      return { hosts };
    });
  }
}
