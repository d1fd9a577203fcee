export * from './vip.js';
export {
  agentConfig,
  apiUrl,
  disabledComponents,
  knownKeys,
  renderConfig,
  serverConfig,
  sharedSettings,
  sharedValues,
  type AgentSettings,
  type ConfigValues,
  type K3sRole,
  type NodeSettings,
  type ServerSettings,
  type Taint,
} from './config.js';
export * from './config-hash.js';
export * from './facts.js';
export * from './fixed-settings.js';
export * from './kubeconfig.js';
export * from './node-args.js';
export * from './release.js';
export * from './tasks.js';
export { unitText } from './unit.js';
