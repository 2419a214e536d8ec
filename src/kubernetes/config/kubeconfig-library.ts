/**
 * All that is used of the client library: reading kubeconfigs and their credentials. A file of its own, so that it can
 * be imported when the first cluster is opened, and so that a bundler sees that nothing else of it is needed.
 */
export { KubeConfig } from "@kubernetes/client-node";
