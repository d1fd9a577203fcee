import { isMap, type Obj } from './objects.js';

const ofKind: Readonly<Record<string, string>> = {
  ResourceQuota: 'quotas',
  LimitRange: 'limits and defaults of a LimitRange',
  NetworkPolicy: 'network policies',
  ValidatingAdmissionPolicy: 'admission policies',
  ValidatingAdmissionPolicyBinding: 'admission policies',
  MutatingAdmissionPolicy: 'admission policies',
  MutatingAdmissionPolicyBinding: 'admission policies',
  ValidatingWebhookConfiguration: 'the answers of admission webhooks',
  MutatingWebhookConfiguration: 'the answers of admission webhooks',
};
const builtInGroups = /^(v1|networking\.k8s\.io\/.*|admissionregistration\.k8s\.io\/.*)$/;
const podSecurity = 'pod-security.kubernetes.io/';

/** What of an object a real cluster enforces and the sandbox only stores, as texts for `Warning:` headers. */
export function unenforced(object: Obj): readonly string[] {
  const { apiVersion, kind, metadata } = object;
  const warning = (what: string): string => `the sandbox accepts this, but does not enforce ${what}`;
  const warnings: string[] = [];
  const own = builtInGroups.test(apiVersion) ? ofKind[kind] : undefined;
  if (own !== undefined) warnings.push(warning(own));
  if (apiVersion === 'v1' && kind === 'Namespace') {
    const labels = Object.keys(metadata.labels ?? {}).filter((key) => /\/(enforce|audit|warn)$/.test(key));
    if (labels.some((key) => key.startsWith(podSecurity))) warnings.push(warning('Pod Security levels'));
  }
  if (kind === 'CustomResourceDefinition' && hasRules(object.spec))
    warnings.push(warning('CEL rules (x-kubernetes-validations)'));
  return warnings;
}

function hasRules(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasRules);
  if (!isMap(value)) return false;
  const rules = value['x-kubernetes-validations'];
  return (Array.isArray(rules) && rules.length > 0) || Object.values(value).some(hasRules);
}

/** As RFC 7234 writes it. */
export const warningHeader = (text: string): string => `299 - "${text.replace(/["\\]/g, '\\$&')}"`;
