import { entries } from './entry.js';

/** Components and their Secrets. */
export const componentCodes = entries({
  BAD_CATALOGUE: [1, 'A component of Slipway itself cannot be used: a fault of Slipway.', 'Please report it.'],
  BAD_COMPONENT: [2, 'A component’s folder, options or values have a mistake.', 'Correct what the message names.'],
  BAD_COMPONENTS: [2, 'The file’s components cannot be together, or have mistakes.', 'Correct what the lines name.'],
  BAD_TEMPLATE: [2, 'A template of a component has a mistake.', 'See [component-folders.md](component-folders.md).'],
  CHART_ARCHIVE: [
    4,
    'A chart could not be fetched, or is not what its repository announces.',
    'Run the same command again from where the repository can be reached.',
  ],
  COMPONENT_BUSY: [4, 'Helm is still at work on the component.', 'Run the same command again later.'],
  COMPONENT_FAILED: [
    4,
    'Helm could not install the component; its log is shown.',
    'Fix what the log names, then run the same command again.',
  ],
  COMPONENT_NOT_BACK: [
    4,
    'An upgrade failed, and the last version is not healthy either.',
    'See `slipway component status`.',
  ],
  COMPONENT_NOT_GONE: [4, 'Helm did not uninstall the component in time.', 'Run the same command again.'],
  COMPONENT_NOT_INSTALLED: [2, 'The component is not installed yet.', 'Install it with `slipway cluster apply`.'],
  COMPONENT_NOT_ON: [2, 'The file does not switch the component on.', 'Switch it on under `components`.'],
  COMPONENT_PUT_BACK: [
    4,
    'An upgrade failed, and the last version is back and healthy.',
    'Fix what the log names, then upgrade again.',
  ],
  COMPONENT_TIMEOUT: [
    4,
    'Helm did not install the component in time.',
    'Look at what was last seen, then run the same command again.',
  ],
  COMPONENT_TWICE: [2, 'Two components have the same name.', 'Rename one of the folders.'],
  COMPONENT_UNHEALTHY: [
    4,
    'The component did not become healthy in time.',
    'Look at what its pods say, then run the same command again.',
  ],
  FOREIGN_OBJECTS: [
    3,
    'Objects that are not Slipway’s have names that components need.',
    'Remove or rename them, or switch off what needs the name.',
  ],
  JOB_NOT_GONE: [4, 'A failed job of Helm did not go away.', 'Run the same command again.'],
  NAMESPACE_NOT_EMPTY: [4, 'A namespace still holds what does not go away.', 'Run the same command again.'],
  NAMESPACE_NOT_GONE: [4, 'A namespace did not go away in time.', 'Run the same command again.'],
  NOT_OUR_FILES: [
    3,
    'Files are in the way that Slipway did not write.',
    'Name another folder with `--out`, or move them away.',
  ],
  NO_COMPONENT_FOLDER: [
    2,
    'A folder of `components.folders` does not exist or holds no component.',
    'Correct its path.',
  ],
  NO_FAILURE: [4, 'A job was waited for that did not fail.', 'Run the same command again.'],
  NO_HELM_CONTROLLER: [4, 'The cluster has no helm controller.', 'Do not disable it in k3s.'],
  OBJECT_REFUSED: [
    4,
    'The Kubernetes API kept refusing an object of a component.',
    'Run the same command again; see `slipway component status`.',
  ],
  SECRETS_MISSING: [
    2,
    'Secrets of components have no value. `cluster plan` goes on without them and says so.',
    'Set the variables, or name another source in the cluster file.',
  ],
  SECRETS_NOT_COMPARED: [
    0,
    'Said by a plan: Secrets in the cluster were not compared, as their sources are not set here.',
    'Nothing, or set the variables.',
  ],
  SECRETS_NOT_GRANTED: [
    2,
    'A component of your own asks for variables that the file does not grant it.',
    'Grant each by name, if you trust the folder with it.',
  ],
  SECRET_FILE: [2, 'A file that holds a secret cannot be read.', 'Check its path and who may read it.'],
  UNKNOWN_COMPONENT: [2, 'The cluster is not asked to have that component.', 'See `slipway component status`.'],
  WRONG_ARCHITECTURE: [
    3,
    'A component does not run on the architecture of the nodes.',
    'Choose machines that fit, or switch it off.',
  ],
});
