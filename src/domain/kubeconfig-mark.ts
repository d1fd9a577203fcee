import { createHash } from 'node:crypto';

/** Name of the extension by which entries of a kubeconfig are known to be Slipway's. kubectl keeps extensions as they are. */
export const kubeconfigMark = 'slipway.dev';

/** What stands in the extension of each entry that is ours. */
export interface KubeconfigMark {
  /** Name of the cluster. */
  readonly cluster: string;
  /** Of the cluster's CA, so that another cluster of the same name is not taken for this one. */
  readonly ca: string;
  /** On the cluster's entry only: further addresses of the same API, `https://203.0.113.2:6443`. */
  readonly servers?: readonly string[];
}

/** @param data `certificate-authority-data`: base64 of a PEM. */
export const caFingerprint = (data: string): string => createHash('sha256').update(data).digest('hex').slice(0, 32);

/** The value of `extensions` of an entry. */
export const markExtensions = (mark: KubeconfigMark): readonly unknown[] => [{ name: kubeconfigMark, extension: mark }];

/** The mark among an entry's extensions; undefined when it is not ours. */
export function markIn(extensions: unknown): Partial<KubeconfigMark> | undefined {
  if (!Array.isArray(extensions)) return undefined;
  const found = (extensions as readonly unknown[]).find(
    (one): one is { extension: Partial<KubeconfigMark> } =>
      typeof one === 'object' &&
      one !== null &&
      (one as { name?: unknown }).name === kubeconfigMark &&
      typeof (one as { extension?: unknown }).extension === 'object' &&
      (one as { extension?: unknown }).extension !== null,
  );
  return found?.extension;
}
