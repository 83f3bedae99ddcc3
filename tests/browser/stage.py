"""The real programs under the browser tests, and what a person at the clinic does beside the browser.

One `Floor` serves all tests of the folder: `deploy.demo.stage.Stage` with a clinic of two services, two doctors and four
languages. `quiet` brings it to the same beginning before each test, so that tests do not depend on their order.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Any

import httpx
from playwright.async_api import Browser, BrowserContext, Page, Request, async_playwright

from deploy import machine
from deploy.demo.stage import Stage, short_folder

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=document-user-activation-required",
]  # fmt: skip
EDGE_SETTINGS = {
    "languages": '["en","hi","es","ar"]',
    "services": '[{"letter":"A","name":"General"},{"letter":"L","name":"Laboratory"}]',
    "ticker": "Flu vaccination every Tuesday",
    "backoff_max_s": "2",
    "sign_in_per_minute": "1000",
}
TABLET, TELEVISION, PHONE = (1280, 800), (1920, 1080), (390, 844)
PATIENCE_S = 20.0


class Floor:
    """A clinic and its head office, running, with a browser that visits both."""

    def __init__(self, stage: Stage, browser: Browser, edge: httpx.AsyncClient, office: httpx.AsyncClient) -> None:
        self.stage = stage
        self.browser = browser
        self.edge = edge
        """Speaks to the clinic as its staff."""
        self.office = office
        """Speaks to head office as its administrator."""
        self.contexts: list[BrowserContext] = []
        self.hosts: set[str] = set()
        """Every host that a page has asked for anything."""
        self.complaints: list[str] = []
        """What browsers wrote to their console about broken rules, and errors nobody caught."""
        self.made: set[str] = set()
        """What tests have added once for all that follow."""

    # --- the clinic, beside the browser

    async def desk(self) -> dict[str, Any]:
        """The desk's state."""
        answer = await self.edge.get("/api/v1/desk")
        state: dict[str, Any] = answer.raise_for_status().json()
        return state

    async def issue(self, service: str = "A") -> dict[str, Any]:
        """Draw a token."""
        answer = await self.edge.post("/api/v1/visits", json={"service": service})
        assert answer.is_success, answer.text
        visit: dict[str, Any] = answer.raise_for_status().json()["visit"]
        return visit

    async def register(self, name: str, **more: Any) -> dict[str, Any]:
        """Somebody comes to the desk and gives their name; returns seed 000's visit."""
        answer = await self.edge.post("/api/staff/register-walkin", json={"name": name, **more})
        visit: dict[str, Any] = answer.raise_for_status().json()
        return visit

    async def act(self, path: str, **body: Any) -> dict[str, Any]:
        """One act of staff on a visit or a doctor, e.g. ``doctors/<id>/call-next``."""
        answer = await self.edge.post(f"/api/v1/{path}", json=body)
        done: dict[str, Any] = answer.raise_for_status().json()
        return done

    async def call_next(self, doctor: int = 0) -> dict[str, Any]:
        """Have a doctor (0 or 1) call."""
        visit: dict[str, Any] = (await self.act(f"doctors/{self.doctors[doctor]}/call-next"))["visit"]
        return visit

    async def tokens(self) -> set[str]:
        """All tokens that wait, are called or are inside."""
        state = await self.desk()
        held = [visit for doctor in state["doctors"] for visit in [doctor["current"], *doctor["called"]] if visit]
        return {visit["token_number"] for visit in [*state["waiting"], *held]}

    @property
    def doctors(self) -> list[str]:
        """The ids of the two doctors of service A."""
        return self.stage.clinic.doctors

    async def quiet(self) -> None:
        """The beginning of a test: everything runs, paper is in, the line to head office is up, nobody waits."""
        for context in self.contexts:
            await context.close()
        self.contexts.clear()
        self.hosts.clear()
        self.complaints.clear()
        if self.stage.link_is_cut:
            self.stage.restore_link()
        await self.stage.devices.do("paper", state="ok")
        if not self.stage.crew.programs["edge"].running:
            await self.stage.kill_edge()  # or it comes back by itself beside the one we start
            await self.stage.start_edge()
        await self._send_everybody_home()
        await self._as_on_the_first_day()
        await self._everything_works()

    async def _send_everybody_home(self) -> None:
        """Nobody is here and nobody is to come. Places that come free are given to waiting lists, hence the rounds."""
        for _ in range(5):
            state = await self.desk()
            for doctor in state["doctors"]:
                for visit in doctor["called"]:
                    await self.act(f"visits/{visit['id']}/no-show")
                if doctor["current"]:
                    await self.act(f"visits/{doctor['current']['id']}/complete")
            for visit in [*state["parked"], *state["booked"], *state["waiting"]]:
                await self.act(f"visits/{visit['id']}/cancel")
            if not (state["parked"] or state["booked"] or state["waiting"]):
                return

    async def _as_on_the_first_day(self) -> None:
        """The two doctors are here, those that tests have added are gone; every queue has its first policy."""
        state = await self.desk()
        for message in state["broadcasts"]:
            await self.act(f"broadcasts/{message['id']}/end")
        plain = {"policy": "weighted", "options": {}}
        for service in state["services"]:
            if service["policy"] != "weighted":
                (await self.edge.put(f"/api/v1/queues/{service['letter']}/policy", json=plain)).raise_for_status()
        for doctor in state["doctors"]:
            is_ours = doctor["id"] in self.doctors
            if doctor["policy"] is not None:
                back = {"policy": None, "options": {}}
                (await self.edge.put(f"/api/v1/queues/{doctor['id']}/policy", json=back)).raise_for_status()
            if doctor["is_on_break"] or doctor["is_active"] != is_ours:
                awake = {"is_on_break": False, "is_active": is_ours}
                (await self.edge.put(f"/api/staff/toggle-doctor/{doctor['id']}", json=awake)).raise_for_status()

    async def _everything_works(self) -> None:
        """What an earlier test has cut or stopped is up again, the way to head office over MQTT included."""
        health: dict[str, Any] = {}

        async def is_well() -> bool:
            health.update((await self.edge.get("/health")).json())
            return bool(health["status"] == "ok")

        await self.until(health, is_well)

    async def until(self, what: object, holds: Callable[[], Awaitable[bool]]) -> None:
        """Wait, at most PATIENCE_S, until something holds. what: said, as it is then, where it never does."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while not await holds():
            assert asyncio.get_running_loop().time() < deadline, f"not within {PATIENCE_S:.0f} s: {what}"
            await asyncio.sleep(0.05)

    # --- the browser

    async def visitor(self, size: tuple[int, int] = TABLET, **options: Any) -> Page:
        """A page in a browser that has never been here."""
        viewport = {"width": size[0], "height": size[1]}
        context = await self.browser.new_context(viewport=viewport, locale="en-GB", **options)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_S * 1000)
        self.contexts.append(context)
        page = await context.new_page()
        page.on("request", lambda request: self.hosts.add(_host(request)))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self._heard(said.text))
        return page

    async def staff(self, path: str, size: tuple[int, int] = TABLET, **options: Any) -> Page:
        """A page of the clinic, opened by somebody who has signed in."""
        page = await self.visitor(size, **options, storage_state=signed_in(self.edge))
        await page.goto(self.stage.edge_url + path)
        return page

    async def manager(self, path: str, size: tuple[int, int] = TABLET, **options: Any) -> Page:
        """A page of head office, opened by its administrator."""
        page = await self.visitor(size, **options, storage_state=signed_in(self.office))
        await page.goto(self.stage.cloud_url + path)
        return page

    def _heard(self, text: str) -> None:
        if "Content Security Policy" in text or "Uncaught" in text:
            self.complaints.append(text)


def _host(request: Request) -> str:
    return httpx.URL(request.url).host


def signed_in(client: httpx.AsyncClient) -> Any:
    """The client's cookies as a browser keeps them: one session of a person serves all their pages."""
    cookies = [
        {"name": cookie.name, "value": cookie.value, "domain": "127.0.0.1", "path": "/", "expires": -1,
         "httpOnly": True, "secure": False, "sameSite": "Strict"} for cookie in client.cookies.jar
    ]  # fmt: skip
    return {"cookies": cookies, "origins": []}


async def sign_in(url: str, account: dict[str, str]) -> httpx.AsyncClient:
    """A client that has signed in the way pages do, and goes on as a page would."""
    headers = {"X-Outpost": "1", "Origin": url}
    client = httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=10.0)
    answer = await client.post("/api/v1/auth/login", json={**account, "cookie": True})
    answer.raise_for_status()
    return client


@asynccontextmanager
async def open_floor() -> AsyncIterator[Floor]:
    """Start everything; leaving ends it all and leaves nothing behind."""
    folder = short_folder("outpost-pages-")
    async with AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=machine.chromium(), headless=True, args=FLAGS)
        stack.push_async_callback(browser.close)
        said: list[str] = []
        stage = await stack.enter_async_context(Stage(folder, edge_settings=EDGE_SETTINGS, said=said.append))
        edge = await stack.enter_async_context(aclosing(await sign_in(stage.edge_url, stage.clinic.staff)))
        office = await stack.enter_async_context(aclosing(await sign_in(stage.cloud_url, stage.clinic.office)))
        route = {"site": stage.clinic.site, "kind": "sms", "url": stage.inbox.url}  # else the clinic says what it needs
        (await office.post("/api/v1/notifications/routes", json=route)).raise_for_status()
        yield Floor(stage, browser, edge, office)
        assert not [words for words in said if "ended by itself" in words], said
