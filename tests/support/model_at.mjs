// The model of model.mjs at an address that others can reach: model_at.mjs ADDRESS PORT
import { startModel } from "./model.mjs";

const [host, port] = process.argv.slice(2);
await startModel({ host, port: Number(port) });
console.log("ready");
