import { X509Certificate } from 'node:crypto';

import { z } from 'zod';

import {
  type Certificate,
  certificateState,
  type CertificateState,
  endText,
  firstToEnd,
  type Machine,
  type Secret,
} from '../../domain/index.js';
import type { Distribution } from '../../distributions/port.js';
import type { CertificateReport } from '../../distributions/rotations.js';
import { IncompleteError, SlipwayError } from '../../errors/index.js';
import type { Tools } from '../../phases/context.js';
import type { ClusterFolder } from '../../workspace/types.js';
import { progress, type WorkflowContext } from '../context.js';

/** The certificate of a node that ends first. */
export interface NodeCertificate extends Certificate {
  readonly machine: string;
  readonly state: CertificateState;
}

const noteName = 'certificates';
const noted = z.object({
  at: z.iso.datetime(),
  machines: z.array(z.object({ machine: z.string(), path: z.string(), until: z.iso.datetime() })),
});

/** Of each machine that could be asked the certificate that ends first, in the order of the machines. */
const firstOfEach = (
  machines: readonly Pick<Machine, 'name'>[],
  { found }: Pick<CertificateReport, 'found'>,
  now: number,
): readonly NodeCertificate[] =>
  machines.flatMap(({ name }) => {
    const first = firstToEnd(found.get(name) ?? []);
    return first ? [{ ...first, machine: name, state: certificateState(first.until, now) }] : [];
  });

/** Notes what was read, so that lists and `cluster status` can tell of it without logging in to every machine. */
async function noteCertificates(
  { clock }: Pick<WorkflowContext, 'clock'>,
  folder: Pick<ClusterFolder, 'note'>,
  certificates: readonly NodeCertificate[],
): Promise<void> {
  const machines = certificates.map(({ machine, path, until }) => ({ machine, path, until }));
  await folder.note(noteName, { at: new Date(clock.now()).toISOString(), machines }).catch(() => undefined);
}

/** Reads the certificates of machines, and notes what was found. Those that do not answer are left out. */
export async function readCertificates(
  context: WorkflowContext,
  distribution: Pick<Distribution, 'rotations'>,
  tools: Tools,
  machines: readonly Machine[],
): Promise<readonly NodeCertificate[]> {
  const rotations = await distribution.rotations?.();
  if (!rotations || machines.length === 0) return [];
  progress(context, 'reading the certificates of the machines');
  const report = await rotations.lookAtCertificates(tools, machines, context);
  const read = firstOfEach(machines, report, context.clock.now());
  await noteCertificates(context, tools.folder, read);
  return read;
}

/** What was read last of machines that are there still; undefined: nothing was, or it cannot be read. */
export async function notedCertificates(
  { clock }: Pick<WorkflowContext, 'clock'>,
  folder: Pick<ClusterFolder, 'noted'>,
  machines: readonly Pick<Machine, 'name'>[],
): Promise<{ readonly at: string; readonly certificates: readonly NodeCertificate[] } | undefined> {
  const note = noted.safeParse(await folder.noted(noteName)).data;
  const names = new Set(machines.map(({ name }) => name));
  return (
    note && {
      at: note.at,
      certificates: note.machines
        .filter(({ machine }) => names.has(machine))
        .map((one) => ({ ...one, state: certificateState(one.until, clock.now()) })),
    }
  );
}

/** What is to be said of certificates near their end, a line for each state; nothing where all are well. */
export function certificateRemarks(cluster: string, certificates: readonly NodeCertificate[], now: number): string[] {
  const ending = certificates.filter(({ state }) => state !== 'well');
  const first = firstToEnd(ending);
  if (!first) return [];
  const names = ending.map(({ machine }) => machine);
  const those = names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
  const urgent = certificateState(first.until, now) === 'soon' ? '' : ' Nothing reaches the API once it has.';
  return [
    `A certificate of ${those} ${endText(first.until, now)}.${urgent} Renew them: slipway cluster rotate-certs ${cluster}`,
  ];
}

/** When the certificate ends that the workspace's own kubeconfig lets its owner in with; undefined where that is not told. */
export function kubeconfigEnd(kubeconfig: Secret | undefined): string | undefined {
  const data = /client-certificate-data: *"?([A-Za-z0-9+/=]+)/.exec(kubeconfig?.reveal() ?? '')?.[1];
  try {
    return data === undefined
      ? undefined
      : new Date(new X509Certificate(Buffer.from(data, 'base64')).validTo).toISOString();
  } catch {
    return undefined;
  }
}

/** Whether an API does not accept the workspace's kubeconfig because its certificate has ended. */
export function isExpired(error: unknown, kubeconfig: Secret | undefined, now: number): boolean {
  const end = kubeconfigEnd(kubeconfig);
  const isUnknown = error instanceof SlipwayError && error.code === 'KUBE_UNAUTHORIZED';
  return isUnknown && end !== undefined && certificateState(end, now) === 'expired';
}

/** As `look`, with a word on how to go on where the kubeconfig's certificate has ended. @throws what `look` does */
export async function explainingExpired<T>(
  cluster: string,
  kubeconfig: Secret | undefined,
  now: number,
  look: () => Promise<T>,
): Promise<T> {
  try {
    return await look();
  } catch (error) {
    if (!isExpired(error, kubeconfig, now)) throw error;
    throw new IncompleteError(
      `The certificate of the kubeconfig of ${cluster} ${endText(kubeconfigEnd(kubeconfig)!, now)}.`,
      {
        code: 'KUBE_UNAUTHORIZED',
        hint: `Renew it, and those of the nodes: slipway cluster rotate-certs ${cluster}`,
        cause: error,
      },
    );
  }
}

const dayMs = 24 * 3_600_000;
/** No certificate of a node ends sooner after it was made than a year; before that nobody needs to look. */
const youngMs = 240 * dayMs;

/** What a look at a cluster needs to tell of its certificates. */
export interface CertificateLook {
  readonly cluster: string;
  readonly createdAt: string;
  readonly kubeconfig: Secret | undefined;
  readonly machines: readonly Machine[];
  /** Logs in to all machines. */
  readonly read: () => Promise<readonly NodeCertificate[]>;
}

/** What is known of all certificates of a cluster, that of the kubeconfig included, as `cluster status` finds it out. */
export async function certificatesInSight(
  context: WorkflowContext,
  {
    distribution,
    tools,
    machines,
    createdAt,
  }: Pick<CertificateLook, 'createdAt' | 'machines'> & {
    readonly distribution: Pick<Distribution, 'rotations'>;
    readonly tools: Tools;
  },
): Promise<readonly (Certificate & { readonly machine: string })[]> {
  const { folder } = tools;
  const kubeconfig = await folder.kubeconfig();
  const read = (): Promise<readonly NodeCertificate[]> => readCertificates(context, distribution, tools, machines);
  const look = { cluster: folder.name, createdAt, kubeconfig, machines, read };
  const { certificates } = await certificateStatus(context, folder, look);
  return [...certificates, ...ownCertificate(kubeconfig)];
}

/** That of the kubeconfig, as one of a machine is told of. */
export function ownCertificate(
  kubeconfig: Secret | undefined,
): readonly (Certificate & { readonly machine: string })[] {
  const until = kubeconfigEnd(kubeconfig);
  return until === undefined ? [] : [{ machine: 'the kubeconfig', path: 'kubeconfig', until }];
}

/**
 * The certificates of a cluster as `cluster status` tells of them: what was read last, and, once the cluster is old enough for
 * one to be near its end, read anew each day.
 */
export async function certificateStatus(
  context: Pick<WorkflowContext, 'clock'>,
  folder: Pick<ClusterFolder, 'noted'>,
  look: CertificateLook,
): Promise<{ readonly certificates: readonly NodeCertificate[]; readonly remarks: readonly string[] }> {
  const now = context.clock.now();
  const noted = await notedCertificates(context, folder, look.machines);
  const isDue =
    now - Date.parse(look.createdAt) > youngMs && (noted === undefined || now - Date.parse(noted.at) > dayMs);
  const certificates = isDue ? await look.read() : (noted?.certificates ?? []);
  const remarks = certificateRemarks(look.cluster, certificates, now);
  const end = kubeconfigEnd(look.kubeconfig);
  if (remarks.length > 0 || end === undefined || certificateState(end, now) === 'well')
    return { certificates, remarks };
  return {
    certificates,
    remarks: [
      `The certificate of the kubeconfig ${endText(end, now)}. Have a new one: slipway cluster rotate-certs ${look.cluster}`,
    ],
  };
}
