import { eventually } from './kube.js';
import { ssh } from './rig.js';

/** Which of these hosts holds an address as one of its own, waiting for one to take it. */
export const holderOf = (address: string, among: readonly string[], seconds = 30): Promise<string> =>
  eventually(`one of ${among.join(', ')} holds ${address}`, seconds, async () => {
    for (const name of among) if ((await ssh(name, 'ip -o -4 addr')).includes(`${address}/32`)) return name;
    return undefined;
  });
