import type { HostReport } from './facts.js';
import type { Finding } from './finding.js';

const dataFolder = '/var/lib/rancher/k3s';
/** Known for what they are: programs, images and the state of k3s. Anything else may be what its pods have kept. */
const ownFolders = ['agent', 'data', 'server'].map((name) => `${dataFolder}/${name}`);

/** An earlier Kubernetes on a host that is free. */
export function leftoverFindings(title: string, { k3sLeft, kubernetesLeft }: HostReport): Finding[] {
  const findings: Finding[] = [];
  if (k3sLeft.length > 0) {
    const data = k3sLeft.filter((path) => path.startsWith(dataFolder) && !ownFolders.includes(path));
    const kept =
      data.length === 0
        ? ''
        : ` Mind that ${data.join(' and ')} ${data.length === 1 ? 'holds' : 'hold'} data, such as the volumes of that cluster: save first what is still needed.`;
    findings.push({
      code: 'K3S_LEFT',
      message: `${title} has an earlier k3s that is not ours: ${k3sLeft.join(', ')}.`,
      hint: `If nobody needs it, remove it on the host (k3s-uninstall.sh or k3s-agent-uninstall.sh, else: rm -rf ${k3sLeft.join(' ')}).${kept}`,
    });
  }
  if (kubernetesLeft.length > 0) {
    findings.push({
      code: 'KUBERNETES_LEFT',
      message: `${title} has another Kubernetes: ${kubernetesLeft.join(', ')}.`,
      hint: 'If nobody needs it, remove it as its maker says (kubeadm reset, rke2-uninstall.sh, k0s reset, snap remove microk8s).',
    });
  }
  return findings;
}

interface Named {
  readonly title: string;
  readonly report: Pick<HostReport, 'hostname' | 'machineId' | 'productUuid'>;
}

/** What every host must have for itself. Clones of one disk share it. */
export function uniqueFindings(hosts: readonly Named[]): Finding[] {
  const sharing = (of: (one: Named) => string): string[][] => {
    const groups = new Map<string, string[]>();
    for (const one of hosts) if (of(one) !== '') groups.set(of(one), [...(groups.get(of(one)) ?? []), one.title]);
    return [...groups.values()].filter((titles) => titles.length > 1);
  };
  return [
    ...sharing(({ report }) => report.machineId).map((titles): Finding => ({
      code: 'MACHINE_ID_TWICE',
      message: `${titles.join(' and ')} have the same /etc/machine-id: they are clones, or one and the same machine.`,
      hint: 'List a machine once. On clones: rm /etc/machine-id /var/lib/dbus/machine-id; systemd-machine-id-setup; reboot.',
    })),
    ...sharing(({ report }) => report.hostname).map((titles): Finding => ({
      code: 'HOSTNAME_TWICE',
      // Nodes are told names of their own.
      mild: true,
      message: `${titles.join(' and ')} have the same hostname.`,
      hint: 'Give each its own: hostnamectl set-hostname NAME',
    })),
    ...sharing(({ report }) => report.productUuid).map((titles): Finding => ({
      code: 'PRODUCT_UUID_TWICE',
      mild: true,
      message: `${titles.join(' and ')} tell the same product UUID: they may be clones of one virtual machine.`,
      hint: 'Give each virtual machine a UUID of its own where it is defined.',
    })),
  ];
}
