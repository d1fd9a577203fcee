import type { Kube, KubeObject, ObjectRef, ObjectView, ObjectWait } from '../../src/kube/types.js';

const keyOf = ({ kind, metadata }: ObjectRef): string => `${kind} ${metadata.name}`;

/** A cluster of one node, whose kubelet does with a pod of ours what it is told. */
export class FakeKubelet {
  readonly objects = new Map<string, KubeObject>();
  readonly deadlines: (number | undefined)[] = [];
  log = 'partial=false\nsummary={"total_files_processed":2,"total_bytes_processed":16}\n';

  constructor(private readonly kubelet: (pod: KubeObject, put: (object: KubeObject) => void) => void) {
    this.put({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'web-1' } });
  }

  readonly put = (object: KubeObject): void => void this.objects.set(keyOf(object), object);
  readonly left = (): readonly string[] => [...this.objects.keys()].filter((key) => /^(Pod|Secret) /.test(key));
  get api(): Kube {
    const view: ObjectView = {
      get: (ref) => this.objects.get(keyOf(ref)),
      all: ({ kind }) => [...this.objects.values()].filter((one) => one.kind === kind),
    };
    return {
      reachable: () => Promise.resolve(true),
      nodes: () => Promise.resolve([]),
      get: (ref: ObjectRef) => Promise.resolve(this.objects.get(keyOf(ref))),
      list: (_: string, kind: string) => Promise.resolve(view.all({ apiVersion: 'v1', kind })),
      apply: (object: KubeObject) => {
        const made = { ...object, metadata: { ...object.metadata, uid: `uid of ${object.metadata.name}` } };
        this.put(made);
        if (object.kind === 'Pod') this.kubelet(made, this.put);
        return Promise.resolve(made);
      },
      delete: (ref: ObjectRef) => Promise.resolve(void this.objects.delete(keyOf(ref))),
      podLog: () => Promise.resolve(this.log),
      until: async <T>(wait: ObjectWait<T>, { deadlineMs }: { readonly deadlineMs: number }) => {
        this.deadlines.push(deadlineMs);
        const found = wait.check(view, () => {});
        if (found === undefined) throw new Error(`waits for ${wait.what}`);
        return found;
      },
    } as unknown as Kube;
  }
}

export const becomes =
  (phase: string) =>
  (pod: KubeObject, put: (object: KubeObject) => void): void =>
    put({ ...pod, status: { phase } });
