"""The third yardstick: a WhatsApp bot as it is usually written. One FastAPI process, SQLite beside it, and a background task for each message.

It does what the product's full loop does, in the plainest way: checks the secret, keeps the message and commits before it answers 200, knows
duplicates by a unique key, reads the conversation's last messages for its agent (which echoes), calls the gateway, and keeps the reply.
SQLite is set as its users set it who care for messages: write-ahead log, synchronous FULL. A kill between the 200 and the reply loses the reply;
there are no retries, no order within a conversation, no tenants. That is the usual shape.

Needs FastAPI, uvicorn and httpx (Debian: python3-fastapi, python3-uvicorn, python3-httpx).
Environment: BOT_DATABASE (file), BOT_GATEWAY (URL), BOT_GATEWAY_KEY, BOT_SECRET (what webhooks must bear as apikey).
"""

import os
import socket
import sqlite3
import sys

import httpx
import uvicorn
from fastapi import BackgroundTasks, FastAPI, Header, HTTPException, Request

SECRET = os.environ["BOT_SECRET"]

store = sqlite3.connect(os.environ["BOT_DATABASE"])
store.execute("pragma journal_mode = wal")
store.execute("pragma synchronous = full")
store.execute(
    "create table if not exists message (id integer primary key, chat text not null, provider_id text unique, "
    "outbound integer not null, body text not null, created_at text not null default current_timestamp)"
)
store.execute("create index if not exists message_by_chat on message (chat, id)")
store.commit()


limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
gateway = httpx.AsyncClient(base_url=os.environ["BOT_GATEWAY"], headers={"apikey": os.environ["BOT_GATEWAY_KEY"]}, limits=limits, timeout=120)
app = FastAPI()


async def answer(instance: str, chat: str) -> None:
    history = store.execute("select outbound, body from message where chat = ? order by id desc limit 10", (chat,)).fetchall()
    reply = next(body for outbound, body in history if not outbound)
    sent = await gateway.post(f"/message/sendText/{instance}", json={"number": chat.split("@")[0], "text": reply})
    sent.raise_for_status()
    store.execute("insert into message (chat, provider_id, outbound, body) values (?, ?, 1, ?)", (chat, sent.json()["key"]["id"], reply))
    store.commit()


@app.post("/webhooks/evolution/{instance}")
async def webhook(instance: str, request: Request, background: BackgroundTasks, apikey: str = Header("")):
    if apikey != SECRET:
        raise HTTPException(401)
    event = await request.json()
    key = event["data"]["key"]
    text = event["data"]["message"].get("conversation")
    if event["event"] != "messages.upsert" or key["fromMe"] or not text:
        return {}
    try:
        store.execute("insert into message (chat, provider_id, outbound, body) values (?, ?, 0, ?)", (key["remoteJid"], key["id"], text))
        store.commit()
    except sqlite3.IntegrityError:
        return {}
    background.add_task(answer, instance, key["remoteJid"])
    return {}


if __name__ == "__main__":
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    print(f"ready http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False)).run(sockets=[listening])
    sys.exit(0)
