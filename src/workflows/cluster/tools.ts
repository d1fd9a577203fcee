import type { MachineProvider } from '../../provider/port.js';
import type { Tools } from '../../phases/context.js';
import type { ClusterFolder } from '../../workspace/types.js';
import type { WorkflowContext } from '../context.js';

export function toolsFor(context: WorkflowContext, provider: MachineProvider, folder: ClusterFolder): Tools {
  return {
    provider,
    folder,
    remote: context.remote,
    clock: context.clock,
    newToken: () => context.random.bytes(16).toString('hex'),
    openApi: (kubeconfig, signal) => context.openApi(kubeconfig, signal),
  };
}
