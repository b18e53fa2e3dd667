"use strict";

/*
 * Shows the cluster as the workers tell it, and goes on when the worker that told it is
 * gone. All text is set as text: nothing that comes from the cluster becomes markup.
 */
(() => {
	const settings = document.currentScript.dataset;
	const SVG = "http://www.w3.org/2000/svg";
	const TICK = 50;
	const OVERDUE = 400;
	const NEXT_QUESTION = 200;
	const MOST_QUESTIONS = 3;
	const LEAST_PATIENCE = MOST_QUESTIONS * NEXT_QUESTION;
	// longer than a worker waits for the primary
	const MOST_PATIENCE = 5000;
	const OUT_OF_DATE = 1500;
	const ALL_SILENT = 3000;
	const STREAM_SILENT = 10000;
	const REFUSED_AGAIN = 5000;
	const HISTORY = 180 * 1000;
	const SHORTEST_HISTORY = 30 * 1000;
	const HISTORY_STEP = 900;
	const RATE_WINDOW = 3000;
	const RETRY = 100;
	const ATTEMPTS = 15;
	const STREAM_AGAIN = 5000;

	const byId = (id) => document.getElementById(id);
	const element = (name, attributes = {}, text = "") => {
		const created = document.createElement(name);
		for (const [attribute, value] of Object.entries(attributes)) {
			created.setAttribute(attribute, value);
		}
		created.textContent = text;
		return created;
	};
	const setText = (node, text) => {
		if (node.textContent !== text) {
			node.textContent = text;
		}
	};

	/* ---- words and numbers ---- */

	const seconds = (duration) => {
		const match = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?$/.exec(duration || "") || [];
		return Number(match[1] || 0) * 3600 + Number(match[2] || 0) * 60 + Number(match[3] || 0);
	};
	const time = (total) => {
		const whole = Math.floor(total);
		const parts = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
		const first = parts.findIndex(([size]) => whole >= size);
		if (first < 0) {
			return "0 s";
		}
		const [size, unit] = parts[first];
		const next = parts[first + 1];
		const rest = next ? Math.floor((whole % size) / next[0]) : 0;
		return `${Math.floor(whole / size)} ${unit}` + (next && rest > 0 ? ` ${rest} ${next[1]}` : "");
	};
	const bytes = (value) => value >= 1073741824 ? `${(value / 1073741824).toFixed(1)} GB`
			: `${Math.round(value / 1048576)} MB`;
	const percent = (value) => value < 0 ? "\u2013" : `${(value * 100).toFixed(value < 0.1 ? 1 : 0)} %`;
	const heap = (load) => load.heapMax > 0 ? `${bytes(load.heapUsed)} of ${bytes(load.heapMax)}` : "\u2013";
	const rate = (value) => value < 10 ? value.toFixed(1) : String(Math.round(value));
	const number = (workers) => workers === 1 ? "1 worker" : `${workers} workers`;
	const sum = (values) => values.reduce((total, value) => total + value, 0);

	/* ---- workers ---- */

	const opened = performance.now();

	const workers = new Map();
	const metrics = {
		requests: (worker) => worker.rate,
		connections: (worker) => worker.now.load.connections,
		heap: (worker) => worker.now.load.heapUsed,
		cpu: (worker) => Math.max(worker.now.load.cpu, 0)
	};

	const chart = () => {
		const svg = document.createElementNS(SVG, "svg");
		svg.setAttribute("class", "chart");
		svg.setAttribute("viewBox", "0 0 100 20");
		svg.setAttribute("preserveAspectRatio", "none");
		svg.setAttribute("aria-hidden", "true");
		svg.append(document.createElementNS(SVG, "polyline"));
		return svg;
	};

	const row = (id) => {
		const cells = {};
		const tr = element("tr", {role: "row", "data-worker": id});
		const name = element("th", {role: "rowheader", scope: "row"});
		cells.name = element("span");
		cells.index = element("span", {class: "index"});
		name.append(cells.name, " ", cells.index);
		tr.append(name);
		const add = (key, label, charted, type = "") => {
			const td = element("td", {role: "cell", "data-label": label, "data-cell": key});
			if (type) {
				td.className = type;
			}
			cells[key] = element("span", key === "state" ? {class: "state"} : {});
			td.append(cells[key]);
			if (charted) {
				cells[key + "Chart"] = chart();
				td.append(cells[key + "Chart"]);
			}
			tr.append(td);
			return td;
		};
		add("state", "State");
		add("pid", "Pid");
		add("uptime", "Uptime");
		add("requests", "Requests/s", true);
		add("connections", "Connections", true);
		add("heap", "Heap", true);
		add("cpu", "CPU", true);
		add("restarts", "Restarts");
		add("exit", "Last exit", false, "exit");
		const action = add("action", "Action", false, "action");
		cells.button = element("button", {type: "button", "aria-label": `Restart worker-${id}`}, "Restart");
		cells.button.addEventListener("click", () => {
			if (cells.button.getAttribute("aria-disabled") !== "true") {
				restart(id);
			}
		});
		action.append(cells.button);
		cells.action = action;
		byId("rows").append(tr);
		return {tr, cells};
	};

	const rateOf = (samples, now) => {
		const first = samples.find((sample) => now - sample.at <= RATE_WINDOW);
		const last = samples[samples.length - 1];
		return first && last.at > first.at ? (last.total - first.total) * 1000 / (last.at - first.at) : 0;
	};

	const draw = (svg, history, key, now, most) => {
		const span = Math.min(HISTORY, Math.max(SHORTEST_HISTORY, now - opened));
		const points = history.map((entry) => {
			const x = 100 - (now - entry.at) * 100 / span;
			return `${x.toFixed(2)},${(19 - 18 * entry[key] / most).toFixed(2)}`;
		});
		svg.firstChild.setAttribute("points", points.join(" "));
	};

	const measure = (worker, description, now) => {
		worker.now = description;
		worker.samples.push({at: now, total: description.load.totalRequests});
		worker.rate = rateOf(worker.samples, now);
		const entry = {at: now};
		for (const [key, value] of Object.entries(metrics)) {
			entry[key] = value(worker);
		}
		// workers tell their load once a second
		const last = worker.history[worker.history.length - 1];
		if (!last || now - last.at >= HISTORY_STEP) {
			worker.history.push(entry);
		}
		worker.samples = worker.samples.filter((sample) => now - sample.at <= RATE_WINDOW);
		worker.history = worker.history.filter((past) => now - past.at <= HISTORY);
	};

	const show = (worker, now, scales) => {
		const {cells, tr} = worker.row;
		const description = worker.now;
		const state = worker.dead ? "STOPPED" : description.state;
		tr.dataset.state = state;
		tr.dataset.index = description.index;
		setText(cells.name, `worker-${description.id}`);
		setText(cells.index, `index ${description.index}, generation ${description.generation}`);
		setText(cells.state, state.toLowerCase());
		setText(cells.pid, String(description.pid));
		setText(cells.uptime, time(seconds(description.uptime)));
		setText(cells.requests, state === "STOPPED" ? "0.0" : rate(worker.rate));
		setText(cells.connections, String(state === "STOPPED" ? 0 : description.load.connections));
		setText(cells.heap, heap(description.load));
		setText(cells.cpu, percent(description.load.cpu));
		setText(cells.restarts, String(description.restarts));
		const exit = worker.exit || description.lastExit;
		setText(cells.exit, exit ? `${exit.reason}, ${new Date(exit.at).toLocaleTimeString()}` : "none");
		// one that is disabled would lose the focus
		cells.button.setAttribute("aria-disabled", state === "STOPPED" || state === "DRAINING");
		cells.action.hidden = !mayWrite();
		for (const key of Object.keys(metrics)) {
			draw(cells[key + "Chart"], worker.history, key, now, scales[key]);
		}
	};

	/*
	 * One that has gone without having said so stays, in red, until its index is ready
	 * again.
	 */
	const bury = (current) => {
		const present = new Set(current.map((worker) => worker.id));
		for (const [id, worker] of workers) {
			if (present.has(id)) {
				worker.dead = worker.now.state === "STOPPED";
				continue;
			}
			const successors = current.filter((other) => other.index === worker.now.index);
			const exit = successors.map((other) => other.lastExit).find((known) => known);
			worker.dead = worker.dead || worker.now.state !== "DRAINING";
			worker.exit = worker.exit || exit;
			if (!worker.dead || successors.length === 0 || successors.some((other) => other.state === "READY")) {
				worker.row.tr.remove();
				workers.delete(id);
			}
		}
	};

	const focusSuccessorOf = (tr) => {
		const button = document.querySelector(`#rows tr[data-index="${tr.dataset.index}"] button`);
		(button && mayWrite() ? button : byId("workers-heading")).focus();
	};

	const showWorkers = (current, now) => {
		const focused = document.activeElement.closest("#rows tr");
		for (const description of current) {
			let worker = workers.get(description.id);
			if (!worker) {
				worker = {row: row(description.id), samples: [], history: [], rate: 0, dead: false, exit: null};
				workers.set(description.id, worker);
			}
			measure(worker, description, now);
		}
		bury(current);
		const all = [...workers.values()].sort((a, b) => a.now.index - b.now.index || a.now.id - b.now.id);
		const scales = {};
		for (const key of Object.keys(metrics)) {
			scales[key] = Math.max(1e-9, ...all.flatMap((worker) => worker.history.map((entry) => entry[key])));
		}
		all.forEach((worker, place) => {
			show(worker, now, scales);
			const rows = byId("rows").children;
			if (rows[place] !== worker.row.tr) {
				byId("rows").insertBefore(worker.row.tr, rows[place] || null);
			}
		});
		if (focused && !focused.isConnected) {
			focusSuccessorOf(focused);
		}
	};

	/* ---- the cluster as a whole ---- */

	const total = (name, value) => {
		const id = `total-${name.toLowerCase().replace(/[^a-z]+/g, "-")}`;
		let dd = byId(id);
		if (!dd) {
			const group = element("div");
			dd = element("dd", {id});
			group.append(element("dt", {}, name), dd);
			byId("totals").append(group);
		}
		setText(dd, value);
	};

	const showTotals = (cluster) => {
		const living = [...workers.values()].filter((worker) => !worker.dead);
		total("Ready", `${cluster.readyWorkers} of ${cluster.configuredWorkers}`);
		total("Requests/s", rate(sum(living.map((worker) => worker.rate))));
		total("Connections", String(sum(living.map((worker) => worker.now.load.connections))));
		total("Heap", bytes(sum(living.map((worker) => worker.now.load.heapUsed))));
		total("CPU", percent(sum(living.map((worker) => Math.max(worker.now.load.cpu, 0)))));
		const byIndex = new Map(cluster.workers.map((worker) => [worker.index, worker.restarts]));
		total("Restarts", String(sum([...byIndex.values()])));
		total("Primary", `pid ${cluster.primary.pid}, ${time(seconds(cluster.primary.uptime))}`);
		total("Listening", cluster.listeners.map((listener) => `${listener.address}:${listener.port}`).join(" ") || "not yet");
	};

	let followed = null;

	const showReload = (reload, configured) => {
		const section = byId("reload");
		section.hidden = reload.id === null;
		if (section.hidden) {
			return;
		}
		const rolling = reload.state === "ROLLING" || reload.state === "WAITING";
		const of = reload.of || configured;
		const done = rolling ? Math.max(reload.step - 1, 0) : reload.step;
		byId("reload-progress").max = of;
		byId("reload-progress").value = reload.state === "DONE" ? of : done;
		const why = reload.failure ? `: ${reload.failure.reason}` : "";
		const text = rolling ? `Reload ${reload.id} (${reload.trigger}): step ${reload.step} of ${of}`
				: `Reload ${reload.id} (${reload.trigger}) is ${reload.state.toLowerCase()}${why}`;
		setText(byId("reload-text"), text);
		const steps = byId("reload-steps");
		while (steps.children.length > of) {
			steps.lastChild.remove();
		}
		for (let step = 1; step <= of; step++) {
			let item = steps.children[step - 1];
			if (!item) {
				item = element("li");
				steps.append(item);
			}
			const state = reload.state === "DONE" || step <= done ? "done" : step === reload.step && rolling ? "now" : "open";
			item.dataset.state = state;
			setText(item, `${step} ${({done: "replaced", now: "is being replaced", open: rolling ? "waits" : "not replaced"})[state]}`);
		}
		section.dataset.state = reload.state;
		const output = reload.failure ? reload.failure.output : [];
		byId("reload-output").hidden = output.length === 0;
		setText(byId("reload-lines"), output.join("\n"));
		if (followed === reload.id && !rolling) {
			followed = null;
			outcome(text, reload.state === "DONE" ? "good" : "error");
		}
	};

	let lastEvent = 0;

	const showEvents = (events) => {
		for (const event of events.filter((candidate) => candidate.number > lastEvent)) {
			lastEvent = event.number;
			const item = element("li", {"data-event": event.name});
			const at = new Date(event.at);
			item.append(element("time", {datetime: event.at}, at.toLocaleTimeString()), document.createTextNode(event.text));
			byId("events").prepend(item);
		}
		while (byId("events").children.length > 200) {
			byId("events").lastChild.remove();
		}
	};

	/* ---- what comes from the cluster ---- */

	let state = null;
	let shownAsOf = 0;
	let lastUpdate = -Infinity;
	let lastProblem = -Infinity;
	let lastStreamUpdate = settings.live === "true" ? opened : -Infinity;
	let longestGap = 0;
	let refusal = "";

	/*
	 * Of what was asked for at the same time, one worker may tell it later than another.
	 */
	const update = (received, asked) => {
		if (asked < shownAsOf) {
			return false;
		}
		const now = performance.now();
		refusal = "";
		lastProblem = received.cluster.error ? now : -Infinity;
		if (received.cluster.error) {
			setText(byId("problem"), `The primary does not answer: ${received.cluster.error}`);
			return false;
		}
		if (state && document.visibilityState === "visible") {
			longestGap = Math.max(longestGap, now - lastUpdate);
			byId("connection").dataset.longestGap = Math.round(longestGap);
		}
		shownAsOf = asked;
		lastUpdate = now;
		if (state && state.cluster.primary.pid !== received.cluster.primary.pid) {
			lastEvent = 0;
		}
		state = received;
		const cluster = received.cluster;
		const application = cluster.application || "Cluster";
		setText(byId("application"), application);
		document.title = `${application}: ${cluster.readyWorkers} of ${cluster.configuredWorkers} workers`;
		const input = byId("scale-workers");
		if (document.activeElement !== input) {
			input.value = cluster.configuredWorkers;
		}
		input.max = received.mostWorkers;
		byId("actions").hidden = !mayWrite();
		document.querySelector("thead .action").hidden = !mayWrite();
		showWorkers(cluster.workers, now);
		showTotals(cluster);
		showReload(cluster.reload, cluster.configuredWorkers);
		showEvents(received.events);
		return true;
	};

	const showConnection = (now) => {
		const current = (since) => now - since < OUT_OF_DATE;
		const problem = now - lastProblem < MOST_PATIENCE;
		byId("problem").hidden = !problem;
		const [kind, text] = refusal ? ["refused", refusal]
				: current(lastUpdate) ? current(lastStreamUpdate) ? ["live", "Live"] : ["polling", "Live, by polling"]
				: problem ? ["waiting", "Waiting for the primary"]
				: ["connecting", state ? "Reconnecting" : "Connecting"];
		byId("connection").dataset.state = kind;
		setText(byId("connection"), text);
	};

	class Refused extends Error { }

	/*
	 * Whoever is not logged in any more is told so by a status, or led to a page.
	 */
	const getJson = async (path, signal) => {
		const response = await fetch(`${settings.base}/${path}`,
				{signal, cache: "no-store", redirect: "manual", headers: {Accept: "application/json"}});
		const json = /json/.test(response.headers.get("Content-Type"));
		if (response.type === "opaqueredirect" || response.status === 401 || response.ok && !json) {
			throw new Refused("You have to log in again");
		}
		if (response.status === 403) {
			throw new Refused("You may not see this");
		}
		const answer = json ? await response.json() : {};
		// a worker tells with an error's status that the primary does not answer
		if (!response.ok && !answer.cluster) {
			throw new Error(`It answered with ${response.status}`);
		}
		return answer;
	};

	const questions = new Set();
	let lastQuestion = -Infinity;
	let patience = LEAST_PATIENCE;

	/*
	 * A worker that hangs, or has only just started, is not waited for: as long as nothing
	 * comes, others are asked too. To give a question up closes its connection, and so the
	 * browser runs out of connections to the one that hangs. Where all take long, the next
	 * ones are given more time.
	 */
	const poll = () => {
		const asked = performance.now();
		if (asked - lastQuestion < (refusal ? REFUSED_AGAIN : NEXT_QUESTION)) {
			return;
		}
		if (questions.size >= MOST_QUESTIONS) {
			const [oldest] = questions;
			if (asked - oldest.asked < patience) {
				return;
			}
			oldest.abort.abort();
			questions.delete(oldest);
			patience = Math.min(patience * 1.5, MOST_PATIENCE);
		}
		lastQuestion = asked;
		const question = {asked, abort: new AbortController()};
		questions.add(question);
		getJson("state", question.abort.signal).finally(() => questions.delete(question)).then((received) => {
			const took = performance.now() - asked;
			patience = Math.min(Math.max(2 * took, LEAST_PATIENCE), MOST_PATIENCE);
			update(received, asked);
		}, (failure) => {
			if (failure instanceof Refused && asked >= shownAsOf) {
				refusal = failure.message;
			}
		}).catch(console.error);
	};

	let source = null;
	let heard = 0;
	let failures = 0;

	const stream = () => {
		if (source) {
			source.close();
		}
		const attempt = new EventSource(`${settings.base}/events`);
		source = attempt;
		heard = performance.now();
		attempt.addEventListener("message", (message) => {
			failures = 0;
			heard = performance.now();
			if (update(JSON.parse(message.data), heard)) {
				lastStreamUpdate = heard;
			}
		});
		attempt.addEventListener("error", () => {
			attempt.close();
			if (source !== attempt) {
				return;
			}
			source = null;
			failures++;
			setTimeout(stream, refusal || failures >= ATTEMPTS ? STREAM_AGAIN : failures > 1 ? RETRY : 0);
			// the first stream of another worker may take a moment longer
			poll();
		});
	};

	/*
	 * A page that the browser keeps for going back to would hold its stream, and one of the
	 * few places for streams.
	 */
	window.addEventListener("pagehide", () => {
		if (source) {
			source.close();
			source = null;
		}
	});
	window.addEventListener("pageshow", (event) => {
		if (event.persisted && settings.live === "true") {
			stream();
		}
	});

	setInterval(() => {
		const now = performance.now();
		if (now - lastUpdate > OVERDUE) {
			poll();
		}
		if (source && (now - Math.max(heard, lastUpdate) > ALL_SILENT || now - heard > STREAM_SILENT)) {
			stream();
		}
		showConnection(now);
	}, TICK);

	/* ---- what may be done ---- */

	let session = {mayWrite: false};

	const askSession = async () => {
		session = await getJson("session", AbortSignal.timeout(MOST_PATIENCE));
	};

	const learnSession = (delay) => askSession().catch(() => setTimeout(learnSession, delay, Math.min(2 * delay, 30000)));

	const mayWrite = () => Boolean(state && state.writable && session.mayWrite);

	const outcome = (text, kind) => {
		byId("outcome").dataset.kind = kind;
		setText(byId("outcome"), text);
	};

	const ask = (text, yes) => new Promise((resolve) => {
		const dialog = byId("question");
		setText(byId("question-text"), text);
		setText(byId("question-yes"), yes);
		const close = (answer) => () => {
			dialog.returnValue = answer;
			dialog.close();
		};
		byId("question-yes").onclick = close("yes");
		byId("question-no").onclick = close("no");
		dialog.returnValue = "no";
		dialog.onclose = () => resolve(dialog.returnValue === "yes");
		dialog.showModal();
	});

	const post = async (operation, body) => {
		await askSession();
		const headers = {"Content-Type": "application/json", Accept: "application/json"};
		if (session.csrfHeader) {
			headers[session.csrfHeader] = session.csrfToken;
		}
		const response = await fetch(`${settings.operations}/${operation}`,
				{method: "POST", headers, body: JSON.stringify(body), cache: "no-store"});
		const answer = await response.json().catch(() => ({}));
		if (!response.ok) {
			const token = session.csrfHeader ? ". All workers have to know the token against forged requests (CSRF)" : "";
			const reasons = {401: `You have to log in${token}`, 403: `You may not do that${token}`, 405: "The endpoint is read-only"};
			const failure = answer.failure ? answer.failure.reason : null;
			// the endpoint's own words, and not those of a page of errors
			const words = answer.timestamp ? null : answer.error;
			throw new Error(words || reasons[response.status] || answer.error || failure || `It answered with ${response.status}`);
		}
		return answer;
	};

	const act = async (question, yes, operation, body, told, meanwhile = "Asking the primary") => {
		if (!await ask(question, yes)) {
			return;
		}
		outcome(meanwhile, "good");
		try {
			outcome(told(await post(operation, body)), "good");
		}
		catch (failure) {
			outcome(failure.message, "error");
		}
	};

	const restart = (id) => act(`Replace worker-${id} by a new worker? It leaves when the new one has proved itself.`,
			"Restart", "restart?wait=5m", {id}, () => `worker-${id} has been replaced`, `worker-${id} is being replaced`);

	byId("reload-button").addEventListener("click", () => act(
			"Replace all workers, one after the other, by ones that run what is there now?", "Reload", "reload", {},
			(answer) => {
				followed = answer.id;
				return `Reload ${answer.id} has begun`;
			}));

	byId("scale-button").addEventListener("click", () => {
		const input = byId("scale-workers");
		if (!input.reportValidity() || input.value === "") {
			return;
		}
		const count = Number(input.value);
		act(`Run ${number(count)} instead of ${state.cluster.configuredWorkers}?`, "Scale", "scale", {workers: count},
				(answer) => `There should be ${number(answer.configuredWorkers)} now`);
	});

	if (settings.operations) {
		learnSession(RETRY);
	}
	if (settings.live === "true") {
		stream();
	}
	poll();
})();
