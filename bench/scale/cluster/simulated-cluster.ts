/** The devcluster's API server and controllers, with a node whose pods are no processes. */
import {
  type ControlPlane,
  type ControlPlaneOptions,
  startControlPlane,
} from "../../../devcluster/src/control-plane.ts";
import { type SimulatedNode, startSimulatedNode } from "./simulated-node.ts";

export type SimulatedCluster = ControlPlane<SimulatedNode>;

export const startSimulatedCluster = (options: ControlPlaneOptions = {}): Promise<SimulatedCluster> =>
  startControlPlane(options, startSimulatedNode);
