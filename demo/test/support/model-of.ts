import { onTestFinished } from "vitest";
import { type Script, type ScriptedModel, startScriptedModel } from "../../scripted-model/index.ts";

/** A model that answers by the script, until the test is over. */
export async function modelOf(script: Script): Promise<ScriptedModel> {
  const model = await startScriptedModel({ script });
  onTestFinished(() => model.stop());
  return model;
}
