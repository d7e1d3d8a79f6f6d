// The published AI SDK clients side by side, each with a chat object of its own.
import * as v5_0_0 from "ai-v5";
import * as v5_0_277 from "ai-v5-last";
import * as v6 from "ai-v6";
import * as v7 from "ai";

export const clients = [
    { name: "5.0.0", sdk: v5_0_0 },
    { name: "5.0.277", sdk: v5_0_277 },
    { name: "6", sdk: v6 },
    { name: "7", sdk: v7 },
];

/** The least state that AbstractChat asks for, as the framework bindings keep it. */
class State {
    constructor(messages) {
        this.messages = messages;
        this.status = "ready";
        this.error = undefined;
    }

    pushMessage = (message) => {
        this.messages = [...this.messages, message];
    };
    popMessage = () => {
        this.messages = this.messages.slice(0, -1);
    };
    replaceMessage = (index, message) => {
        this.messages = this.messages.map((known, i) => (i === index ? structuredClone(message) : known));
    };
    snapshot = (value) => structuredClone(value);
}

/** A chat of one client version: {chat, faults}. `messages` is the history it starts from. */
export function openChat(sdk, person, id, messages = []) {
    class Chat extends sdk.AbstractChat {
        constructor(init) {
            super({ ...init, state: new State(init.messages) });
        }
    }
    const faults = [];
    const transport = new sdk.DefaultChatTransport({
        api: `${person.url}/api/chat`,
        headers: { cookie: person.cookie },
    });
    const chat = new Chat({ id, messages, transport, onError: (fault) => faults.push(fault) });
    return { chat, faults };
}
