import pickle

import pandas as pd

rows = pd.read_csv("inputs.csv")
model = pickle.load(open("model.pickle", "rb"))  # your own file, on your own machine
rows["score"] = model.predict_proba(rows.drop(columns="id").to_numpy("float32"))[:, 1]
rows[["id", "score"]].to_csv("predictions.csv", index=False)
