import { describeCloudProvider } from './machine-provider.js';
import { libvirtHarness } from './support/libvirt-harness.js';

describeCloudProvider('The libvirt provider', () => libvirtHarness());
