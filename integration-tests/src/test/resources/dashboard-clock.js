"use strict";

/*
 * Gives a page a clock that a test moves, and a cluster of two workers that lives by it.
 * Connections go to the workers in turn, as the kernel gives them. A worker answers after
 * 20 ms, and sends an event four times a second; one that hangs does neither.
 */
(() => {
	const STEP = 10;
	const LATENCY = 20;
	const INTERVAL = 250;

	let now = 0;
	let timers = [];
	let turn = 0;
	const workers = [{hangs: false, requests: 0}, {hangs: false, requests: 0}];
	const open = new Set();

	const cluster = window.cluster = {
		workers,
		/* a message while the primary does not answer */
		error: null,
		refusesStreams: false,
		streams: [],
		questions: 0,
		mostOpen: 0,
		gap: () => Number(document.getElementById("connection").dataset.longestGap),
		connection: () => document.getElementById("connection").dataset.state
	};

	performance.now = () => now;
	window.setTimeout = (task, delay = 0, ...values) => timers.push({at: now + delay, task: () => task(...values)});
	window.setInterval = (task, period) => {
		const again = () => {
			task();
			window.setTimeout(again, period);
		};
		window.setTimeout(again, period);
	};

	const state = () => ({
		cluster: cluster.error ? {error: cluster.error} : {
			application: "test",
			primary: {pid: 1, uptime: `PT${Math.floor(now / 1000)}S`},
			configuredWorkers: 2,
			readyWorkers: 2,
			listeners: [],
			reload: {id: null},
			workers: workers.map((worker, index) => ({
				id: index + 1, index, pid: index + 2, state: "READY", generation: 0, uptime: "PT1S", restarts: 0, lastExit: null,
				load: {totalRequests: worker.requests, connections: 0, heapUsed: 0, heapMax: 0, cpu: 0}
			}))
		},
		events: [], writable: false, mostWorkers: 8
	});

	const next = () => workers[turn++ % workers.length];

	window.fetch = (path, {signal} = {}) => new Promise((resolve, reject) => {
		const json = path.endsWith("session") ? () => ({mayWrite: false}) : state;
		const worker = next();
		cluster.questions++;
		open.add(reject);
		cluster.mostOpen = Math.max(cluster.mostOpen, open.size);
		const answer = () => {
			if (worker.hangs) {
				window.setTimeout(answer, STEP);
			}
			else {
				open.delete(reject);
				const body = json();
				const ok = !(body.cluster && body.cluster.error);
				resolve({ok, status: ok ? 200 : 503, type: "basic", headers: {get: () => "application/json"}, json: async () => body});
			}
		};
		window.setTimeout(answer, LATENCY);
		signal.addEventListener("abort", () => {
			open.delete(reject);
			reject(new Error("given up"));
		});
	});

	window.EventSource = class {
		constructor() {
			this.worker = next();
			this.listeners = {};
			cluster.streams.push(this);
			window.setTimeout(() => this.tick(), LATENCY);
		}

		addEventListener(type, listener) {
			this.listeners[type] = listener;
		}

		tick() {
			if (this.closed) {
				return;
			}
			if (cluster.refusesStreams && !this.worker.hangs) {
				this.breakOff();
				return;
			}
			if (!this.worker.hangs) {
				this.listeners.message({data: JSON.stringify(state())});
			}
			window.setTimeout(() => this.tick(), INTERVAL);
		}

		breakOff() {
			this.closed = true;
			this.listeners.error();
		}

		close() {
			this.closed = true;
		}
	};

	/*
	 * Promises are kept within a step: nothing here waits for anything but them.
	 */
	const settle = async () => {
		for (let i = 0; i < 20; i++) {
			await null;
		}
	};

	cluster.advance = async (time) => {
		for (const end = now + time; now < end; now += STEP) {
			let due;
			while ((due = timers.filter((timer) => timer.at <= now)).length > 0) {
				timers = timers.filter((timer) => timer.at > now);
				for (const timer of due) {
					timer.task();
					await settle();
				}
			}
		}
	};
})();
