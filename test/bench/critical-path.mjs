import { workMs } from '../../build/providers/sandbox/helm/program.js';

/**
 * Milliseconds that no tool can go below at a profile: what one machine after another has to wait for.
 * create + boot + cloud-init + first login, key swap, preparation (three small tasks) + download + first server, then one
 * learner of etcd after another for each further server, and the last one's node. Workers run beside the joins, and so does the cloud controller:
 * a pod for helm, its work, a pod of the controller.
 * @param {import('../../build/providers/sandbox/types.js').SandboxProfile} profile
 * @param {number} servers
 * @param {number} workers
 */
export function criticalPathMs(profile, servers, workers) {
  const { apiLatencyMs, actionMs, serverCreateMs, bootMs, cloudInitMs, smallTaskMs, downloadMs } = profile;
  const machine = serverCreateMs + bootMs + cloudInitMs + 3 * smallTaskMs + downloadMs;
  const first = profile.firstServerMs + smallTaskMs;
  const controller = 2 * profile.podStartMs + workMs;
  const joins = (servers - 1) * profile.joinServerMs + profile.nodeReadyMs;
  const agents = workers > 0 ? profile.joinAgentMs + profile.nodeReadyMs : 0;
  return (4 * apiLatencyMs + actionMs + machine + first + Math.max(joins, agents, controller)) * profile.timeScale;
}
