#!/usr/bin/env python3
"""Fits ocr/data/calibration.json to values of known truth. Standard library only.

  sohoa bench reading --values raw.tsv TRUTHS...      with "kinds" empty
  calibrate.py [--date YYYY-MM-DD] [--engine NAME] raw.tsv > calibration.json

A value's probability of being exact is a logistic function of the logit of
its raw confidence, of its kind and of whether a check doubts it; kinds with
few values stay near all others.  "accept" tells for a wanted error rate how
sure a value must be for those accepted to be wrong so seldom.  With --check
five parts are each predicted from the other four and the error is printed.
"""
import argparse, json, math, random, sys

RIDGE = 3.0		# pull of a kind's own terms towards those of all
RATES = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1)

def logit(p):
	p = min(max(p, 0.002), 0.998)
	return math.log(p / (1 - p))

def read(path):
	rows = []
	for line in open(path, encoding='utf-8'):
		form, slug, field, kind, method, doubt, conf, right = line.rstrip('\n').split('\t')
		rows.append((form, kind, doubt != '-', float(conf), int(right)))
	return rows

def solve(a, b):
	n = len(b)
	for i in range(n):
		p = max(range(i, n), key=lambda r: abs(a[r][i]))
		a[i], a[p], b[i], b[p] = a[p], a[i], b[p], b[i]
		for r in range(n):
			if r != i and a[r][i]:
				m = a[r][i] / a[i][i]
				a[r] = [x - m * y for x, y in zip(a[r], a[i])]
				b[r] -= m * b[i]
	return [b[i] / a[i][i] for i in range(n)]

def features(kind, doubt, conf, kinds):
	x = [1.0, logit(conf), float(doubt)]
	for k in kinds:
		x += [float(k == kind), float(k == kind) * logit(conf)]
	return x

def fit(rows, kinds):
	n = 3 + 2 * len(kinds)
	w = [0.0] * n
	ridge = [1e-3, 0.1, 0.1] + [RIDGE] * (2 * len(kinds))
	data = [(features(k, d, c, kinds), r) for _, k, d, c, r in rows]
	for _ in range(25):
		g = [-r * x for r, x in zip(ridge, w)]
		h = [[ridge[i] if i == j else 0.0 for j in range(n)] for i in range(n)]
		for x, y in data:
			p = 1 / (1 + math.exp(-sum(a * b for a, b in zip(w, x))))
			on = [i for i in range(n) if x[i]]
			for i in on:
				g[i] += (y - p) * x[i]
				for j in on:
					h[i][j] += p * (1 - p) * x[i] * x[j]
		step = solve(h, g)
		w = [a + b for a, b in zip(w, step)]
		if max(map(abs, step)) < 1e-9:
			break
	return w

def predict(w, kind, doubt, conf, kinds):
	return 1 / (1 + math.exp(-sum(a * b for a, b in zip(w, features(kind, doubt, conf, kinds)))))

def ece(pairs):
	bins = {}
	for p, y in pairs:
		b = bins.setdefault(min(9, int(p * 10)), [0.0, 0])
		b[0] += p
		b[1] += y
	return sum(abs(a - b) for a, b in bins.values()) / len(pairs)

def accept(ps):
	out, ps = [], sorted(ps, reverse=True)
	for rate in RATES:
		wrong, least = 0.0, 1.0
		for i, p in enumerate(ps):
			wrong += 1 - p
			if wrong > rate * (i + 1):
				break
			least = p
		out.append([rate, round(least, 4)])
	return out

def main():
	ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
	ap.add_argument('file')
	ap.add_argument('--date', default='')
	ap.add_argument('--engine', default='')
	ap.add_argument('--check', action='store_true')
	o = ap.parse_args()
	rows = read(o.file)
	kinds = sorted({r[1] for r in rows})
	if o.check:
		forms = sorted({r[0] for r in rows})
		random.Random(1).shuffle(forms)
		pairs = []
		for part in range(5):
			test = set(forms[part::5])
			w = fit([r for r in rows if r[0] not in test], kinds)
			pairs += [(predict(w, k, d, c, kinds), y) for f, k, d, c, y in rows if f in test]
		raw = ece([(c, y) for _, _, _, c, y in rows])
		print('values %d  ECE raw %.4f  calibrated, held out %.4f' % (len(rows), raw, ece(pairs)))
		return
	w = fit(rows, kinds)
	out = {'date': o.date, 'engine': o.engine, 'papers': len({r[0] for r in rows}), 'values': len(rows),
	    'ece_raw': round(ece([(c, y) for _, _, _, c, y in rows]), 4),
	    'ece': round(ece([(predict(w, k, d, c, kinds), y) for _, k, d, c, y in rows]), 4),
	    'doubt': round(w[2], 4), 'kinds': {}}
	for i, k in enumerate(kinds):
		ps = [predict(w, k, d, c, kinds) for _, kk, d, c, _ in rows if kk == k]
		out['kinds'][k] = {'values': len(ps), 'base': round(w[0] + w[3 + 2 * i], 4),
		    'slope': round(w[1] + w[4 + 2 * i], 4), 'accept': accept(ps)}
	json.dump(out, sys.stdout, indent=1, sort_keys=True)
	print()

if __name__ == '__main__':
	main()
