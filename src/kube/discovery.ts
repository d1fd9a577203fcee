import { UsageError } from '../errors/index.js';
import type { KubeClient } from './client.js';
import { ApiError } from './failures.js';
import type { ServedKind } from './types.js';
import type { WireGroups, WireResources } from './wire.js';

interface Resource {
  readonly name: string;
  readonly namespaced: boolean;
}

/** Finds under which name and path the API serves a kind; asks once for each group and version. */
export class Discovery {
  readonly #known = new Map<string, Promise<ReadonlyMap<string, Resource>>>();

  constructor(private readonly client: KubeClient) {}

  /** @throws UsageError code KUBE_NO_SUCH_KIND when the cluster does not serve the kind. */
  async resource(apiVersion: string, kind: string, signal: AbortSignal): Promise<Resource> {
    const known = this.#known.get(apiVersion);
    // Whoever waits for an answer would let others ask the same meanwhile.
    const remembered = known && (await known).get(kind);
    if (remembered) return remembered;
    // A kind that was not there before may have been added since, by a chart.
    const asked = this.#ask(apiVersion, signal);
    this.#known.set(apiVersion, asked);
    try {
      const found = (await asked).get(kind);
      if (found) return found;
    } catch (error) {
      if (this.#known.get(apiVersion) === asked) this.#known.delete(apiVersion);
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    }
    throw new UsageError(`The cluster does not know the kind ${kind} of ${apiVersion}.`, {
      code: 'KUBE_NO_SUCH_KIND',
      hint: 'What brings this kind (a chart, a custom resource definition) has to be installed first.',
    });
  }

  /** Undefined when the cluster does not serve the kind. */
  async find(apiVersion: string, kind: string, signal: AbortSignal): Promise<Resource | undefined> {
    try {
      return await this.resource(apiVersion, kind, signal);
    } catch (error) {
      if (error instanceof UsageError && error.code === 'KUBE_NO_SUCH_KIND') return undefined;
      throw error;
    }
  }

  /** Every kind that can be listed, in the version each group prefers. */
  async all(signal: AbortSignal): Promise<readonly ServedKind[]> {
    const { groups = [] } = (await this.client.get('/apis', signal)) as WireGroups;
    const versions = ['v1', ...groups.flatMap(({ preferredVersion }) => preferredVersion?.groupVersion ?? [])];
    const kinds = await Promise.all(
      versions.map(async (apiVersion) => {
        const { resources = [] } = await this.#group(apiVersion, signal);
        return resources
          .filter(({ name, verbs }) => !name.includes('/') && verbs?.includes('list') !== false)
          .map(({ kind, namespaced }) => ({ apiVersion, kind, namespaced }));
      }),
    );
    return kinds.flat();
  }

  /** A group whose own server is away (metrics, say) has nothing to list. */
  async #group(apiVersion: string, signal: AbortSignal): Promise<WireResources> {
    try {
      return (await this.client.get(groupPath(apiVersion), signal)) as WireResources;
    } catch (error) {
      if (error instanceof ApiError && (error.status === 404 || error.status === 503)) return {};
      throw error;
    }
  }

  async #ask(apiVersion: string, signal: AbortSignal): Promise<ReadonlyMap<string, Resource>> {
    const { resources = [] } = (await this.client.get(groupPath(apiVersion), signal)) as WireResources;
    // `pods/eviction` and its like are served at a kind of their own, below the resource.
    return new Map(resources.filter(({ name }) => !name.includes('/')).map((found) => [found.kind, found]));
  }
}

/** Where a resource's objects are: the collection, or one of them by name. */
export function objectPath(
  apiVersion: string,
  resource: Resource,
  namespace: string | undefined,
  name?: string,
): string {
  const place = resource.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  const object = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  return `${groupPath(apiVersion)}${place}/${resource.name}${object}`;
}

function groupPath(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}
