/** A claim of a volume and the volume behind it, as the cluster tells of them. */
export interface ClaimVolume {
  /** `shop/db` */
  readonly claim: string;
  readonly labels: Readonly<Record<string, string>>;
  /** As Kubernetes writes it: `10Gi`. Undefined where it says none. */
  readonly size: string | undefined;
  /** Name of the volume; undefined of a claim that is bound to none. */
  readonly volume: string | undefined;
  /** What keeps the data: the driver’s name (`csi.hetzner.cloud`), or `disk` where it lies on a disk of the node itself. */
  readonly kept: string | undefined;
  /** The folder on its node’s disk, where it lies there. */
  readonly path: string | undefined;
  /** The node that it can only be used on; undefined where it is not bound to one. */
  readonly node: string | undefined;
  /** Whether pods see a device in place of a folder. */
  readonly block: boolean;
}

/** What of a cluster is not in a backup of it, by its name. */
export interface Uncovered {
  readonly kind: 'claim' | 'stream';
  /** `shop/db`; of a stream `nats/ORDERS`. */
  readonly name: string;
  /** As Kubernetes writes it: `10Gi`. */
  readonly size?: string | undefined;
  /** The node whose disk has it, and nothing else. */
  readonly node?: string | undefined;
  /** Why not, in words that go behind the name. */
  readonly why: string;
}

/** Why the contents of a claim’s volume are not in a backup that copies no volumes. */
export function uncoveredClaim({ claim, size, volume, kept, node, block }: ClaimVolume): Uncovered {
  const why =
    volume === undefined
      ? 'bound to no volume'
      : block
        ? 'a raw device, whose files cannot be copied'
        : kept === 'disk'
          ? node === undefined
            ? 'on the disk of a node'
            : `on the disk of ${node} alone`
          : `in a volume of ${kept ?? 'an unknown driver'}`;
  return { kind: 'claim', name: claim, size, node: kept === 'disk' ? node : undefined, why };
}

/**
 * All claims that a snapshot has, each told as it was found when the backup was made; one that came between the two is told
 * by its name alone.
 */
export function uncoveredOf(
  claims: readonly string[],
  found: readonly Uncovered[],
  covered: readonly string[] = [],
): readonly Uncovered[] {
  const byName = new Map(found.filter(({ kind }) => kind === 'claim').map((one) => [one.name, one]));
  return [
    ...claims
      .filter((name) => !covered.includes(name))
      .map((name): Uncovered => byName.get(name) ?? { kind: 'claim', name, why: 'its contents are no part of etcd' }),
    ...found.filter(({ kind }) => kind !== 'claim'),
  ];
}

/** `volume of shop/db, 10Gi: on the disk of web-1 alone` */
export const uncoveredText = ({ kind, name, size, why }: Uncovered): string =>
  `${kind === 'claim' ? 'volume of' : 'stream'} ${name}${size === undefined ? '' : `, ${size}`}: ${why}`;
