/**
 * Milliseconds that no tool can go below at a profile: what one machine after another has to wait for.
 * create + boot + cloud-init + first login, key swap, preparation (three small tasks) + download + first server + its
 * node, then one join after another for each further server; workers run beside the joins.
 * @param {import('../../dist/providers/sandbox/types.js').SandboxProfile} profile
 * @param {number} servers
 * @param {number} workers
 */
export function criticalPathMs(profile, servers, workers) {
  const { apiLatencyMs, actionMs, serverCreateMs, bootMs, cloudInitMs, smallTaskMs, downloadMs } = profile;
  const machine = serverCreateMs + bootMs + cloudInitMs + 3 * smallTaskMs + downloadMs;
  const first = profile.firstServerMs + smallTaskMs + profile.nodeReadyMs;
  const joins = (servers - 1) * (profile.joinServerMs + profile.nodeReadyMs);
  const agents = workers > 0 ? profile.joinAgentMs + profile.nodeReadyMs : 0;
  return (4 * apiLatencyMs + actionMs + machine + first + Math.max(joins, agents)) * profile.timeScale;
}
