// One case from report to closing, by the client that a generator made of our OpenAPI schema.
// node carry.mjs CLIENT.mjs, with {"base", "tokens", "photo", "longitude", "latitude", "duty_org"} on standard input.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { Api } = await import(pathToFileURL(process.argv[2]));
const given = JSON.parse(readFileSync(0, "utf-8"));
const clients = Object.fromEntries(
  Object.entries(given.tokens).map(([who, token]) => [
    who,
    new Api({ baseUrl: given.base, baseApiParams: { headers: { Authorization: `Bearer ${token}` }, format: "json" } }),
  ]),
);
const key = () => ({ headers: { "Idempotency-Key": crypto.randomUUID() } });
const told = [];

async function photo(who, usage) {
  const file = new File([Buffer.from(given.photo, "base64")], "photo.jpg", { type: "image/jpeg" });
  const { data } = await clients[who].api.mediaCreate({ media_id: crypto.randomUUID(), usage, photo: file });
  return data.media_id;
}

const move = async (who, number, action, inputs = {}) => {
  const { data } = await clients[who].api.casesAct(action, number, inputs, key());
  told.push([action, data.state]);
  return data;
};

const { data: classes } = await clients.collector.api.classesSearch({ words: "暴露垃圾" });
const { data: made } = await clients.collector.api.casesRegister(
  {
    class_code: classes[0].class_code,
    kind: classes[0].kind,
    longitude: given.longitude,
    latitude: given.latitude,
    description: "路口有暴露垃圾",
    address: "测试路1号",
    source: "01",
    reporter_type: "1",
    media: [await photo("collector", "report")],
  },
  key(),
);
const number = made.case_no;
let refused = 0;
try {
  await clients.collector.api.casesAct("close", number, {}, key());
} catch (answer) {
  refused = answer.status;
}
await move("acceptor", number, "accept");
await move("duty_leader", number, "file");
await move("dispatcher", number, "dispatch", { duty_org: given.duty_org });
await move("department", number, "sign");
await move("department", number, "feed_back", { opinion: "已清理", media: [await photo("department", "handle")] });
await move("acceptor", number, "send_check");
await move("collector", number, "pass_check", { media: [await photo("collector", "check")] });
await move("duty_leader", number, "close");
const { data: shown } = await clients.duty_leader.api.casesRetrieve(number);
console.log(JSON.stringify({ number, told, refused, state: shown.state, steps: shown.steps.map((one) => one.action) }));
