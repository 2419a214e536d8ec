import { buildRunner } from "../../scripts/build-runner.ts";

export default buildRunner;
