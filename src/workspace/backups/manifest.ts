import { z } from 'zod';

/** What of a cluster is not in a backup of it. */
export const storedUncovered = z.object({
  kind: z.enum(['claim', 'stream']),
  name: z.string(),
  size: z.string().optional(),
  node: z.string().optional(),
  why: z.string(),
});

/** What a backup is, which is written last: without it there is none. */
const stored = z.object({
  version: z.literal(1),
  id: z.string().min(1),
  cluster: z.object({ name: z.string().min(1), id: z.string().min(1) }),
  /** ISO 8601: when the snapshot had been taken. */
  takenAt: z.string(),
  /** The server that it was taken on. */
  server: z.string(),
  kubernetesVersion: z.string(),
  etcd: z.object({ revision: z.number(), entries: z.number() }),
  /** Claims of volumes, whose contents are no part of it. */
  claims: z.array(z.string()),
  /** What of the cluster is not in it, and why, as it was found then; backups of before that was kept have none. */
  uncovered: z.array(storedUncovered).optional(),
  snapshot: z.object({
    bytes: z.number(),
    sha256: z.string(),
    packedBytes: z.number(),
    packedSha256: z.string(),
    parts: z.number().min(1),
  }),
  /** Claims whose volumes’ files were copied with it, each into a repository of restic; none in older backups. */
  volumes: z
    .array(
      z.object({
        /** `shop/db` */
        claim: z.string().min(1),
        /** As restic knows it: `s3:https://…/bucket/prefix`. */
        repository: z.string().min(1),
        files: z.number(),
        bytes: z.number(),
        /** Whether files went away, or could not be read, while they were copied. */
        partial: z.boolean(),
      }),
    )
    .default([]),
  /** Streams of NATS, as NATS copies them; backups of before there were any have none. */
  streams: z
    .array(
      z.object({
        /** `ORDERS` */
        name: z.string().min(1),
        messages: z.number(),
        /** What NATS wants to know of it when it is brought back. */
        head: z.object({ config: z.record(z.string(), z.unknown()), state: z.record(z.string(), z.unknown()) }),
        bytes: z.number(),
        sha256: z.string(),
        parts: z.number().min(1),
      }),
    )
    .default([]),
  /** SHA-256 of what else a restore needs. */
  contentsSha256: z.string(),
});
export type BackupManifest = z.output<typeof stored>;

/** What else a restore needs: what the workspace keeps of the cluster, and what its servers and nodes join with. */
const storedContents = z.object({
  tokens: z.object({ server: z.string().min(1), agent: z.string().min(1) }),
  /** By key: `record.json`. */
  files: z.record(z.string(), z.string()),
});
export type BackupContents = z.output<typeof storedContents>;

/** Undefined for what is no manifest of this form. */
export const readManifest = (text: string): BackupManifest | undefined => stored.safeParse(parsed(text)).data;
export const readContents = (text: string): BackupContents | undefined => storedContents.safeParse(parsed(text)).data;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
