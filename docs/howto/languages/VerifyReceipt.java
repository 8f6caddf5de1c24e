// 应查必查：Java 系统离线验证回执的示例，只用 JDK（17 及以上）。 Verify a receipt offline, with nothing but JDK 17 or newer.
//
//   java VerifyReceipt.java RECEIPT jwks.json CASE_ID ENVIRONMENT
//
// jwks.json is kept beforehand: credit-check keys jwks > jwks.json. A host with a JSON or JOSE library uses that instead of
// the small reader below. 已有 JSON 或 JOSE 库的系统可直接使用该库。

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.EdECPoint;
import java.security.spec.EdECPublicKeySpec;
import java.security.spec.NamedParameterSpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

public final class VerifyReceipt {
    /** That a receipt does not hold; do not go on. 回执无效，不得放行。 */
    public static final class ReceiptException extends Exception {
        ReceiptException(String message) {
            super(message);
        }
    }

    public static void main(String[] given) throws Exception {
        try {
            Object jwks = new Json(Files.readString(Path.of(given[1]))).value();
            Map<?, ?> claims = verify(given[0], (Map<?, ?>) jwks, given[2], given[3], Instant.now().getEpochSecond());
            System.out.println(claims.get("jti") + " " + claims.get("outcome"));
        } catch (ReceiptException refused) {
            System.err.println(refused.getMessage());
            System.exit(20);
        }
    }

    /** Verify a receipt (JWS, RFC 7515; EdDSA, RFC 8037) and give its claims. */
    public static Map<?, ?> verify(String receipt, Map<?, ?> jwks, String caseId, String environment, long now)
            throws ReceiptException {
        try {
            String[] parts = receipt.split("\\.", -1);
            if (parts.length != 3) throw new ReceiptException("receipt: not a compact JWS");
            Map<?, ?> header = read(parts[0]);
            if (!"EdDSA".equals(header.get("alg")) || header.containsKey("crit")) throw new ReceiptException("receipt: unknown algorithm");
            Signature signature = Signature.getInstance("Ed25519");
            signature.initVerify(key(jwks, header.get("kid")));
            signature.update((parts[0] + "." + parts[1]).getBytes(StandardCharsets.US_ASCII));
            if (!signature.verify(Base64.getUrlDecoder().decode(parts[2]))) throw new ReceiptException("receipt: the signature does not hold");
            Map<?, ?> claims = read(parts[1]);
            long issued = ((Number) claims.get("iat")).longValue();
            long ends = ((Number) claims.get("exp")).longValue();
            if (now < issued - 5 || now > ends) throw new ReceiptException("receipt: not valid now");
            if (!caseId.equals(claims.get("case"))) throw new ReceiptException("receipt: another case");
            if (!environment.equals(claims.get("environment"))) throw new ReceiptException("receipt: another environment");
            return claims;
        } catch (GeneralSecurityException | IllegalArgumentException | ClassCastException broken) {
            throw new ReceiptException("receipt: it cannot be read");
        }
    }

    private static Map<?, ?> read(String part) {
        return (Map<?, ?>) new Json(new String(Base64.getUrlDecoder().decode(part), StandardCharsets.UTF_8)).value();
    }

    /** Find a key by its number; a revoked one is not among them. */
    private static PublicKey key(Map<?, ?> jwks, Object number) throws GeneralSecurityException, ReceiptException {
        for (Object one : (List<?>) jwks.get("keys")) {
            Map<?, ?> jwk = (Map<?, ?>) one;
            if (!jwk.get("kid").equals(number) || !"Ed25519".equals(jwk.get("crv"))) continue;
            byte[] x = Base64.getUrlDecoder().decode((String) jwk.get("x"));
            boolean odd = (x[x.length - 1] & 0x80) != 0;
            x[x.length - 1] &= 0x7f;
            for (int i = 0, j = x.length - 1; i < j; i++, j--) { // little-endian (RFC 8032)
                byte kept = x[i];
                x[i] = x[j];
                x[j] = kept;
            }
            EdECPoint point = new EdECPoint(odd, new BigInteger(1, x));
            return KeyFactory.getInstance("Ed25519").generatePublic(new EdECPublicKeySpec(NamedParameterSpec.ED25519, point));
        }
        throw new ReceiptException("receipt: unknown key");
    }

    /** A small reader of JSON (RFC 8259). */
    private static final class Json {
        private final String text;
        private int at;

        Json(String text) {
            this.text = text;
        }

        Object value() {
            Object found = one();
            if (next() != 0) throw new IllegalArgumentException("JSON");
            return found;
        }

        private char next() {
            while (at < text.length() && Character.isWhitespace(text.charAt(at))) at++;
            return at < text.length() ? text.charAt(at) : 0;
        }

        private void take(char wanted) {
            if (next() != wanted) throw new IllegalArgumentException("JSON");
            at++;
        }

        private Object one() {
            char first = next();
            if (first == '{') {
                Map<String, Object> found = new LinkedHashMap<>();
                take('{');
                while (next() != '}') {
                    if (!found.isEmpty()) take(',');
                    next();
                    String name = string();
                    take(':');
                    found.put(name, one());
                }
                take('}');
                return found;
            }
            if (first == '[') {
                List<Object> found = new ArrayList<>();
                take('[');
                while (next() != ']') {
                    if (!found.isEmpty()) take(',');
                    found.add(one());
                }
                take(']');
                return found;
            }
            if (first == '"') return string();
            int from = at;
            while (at < text.length() && "+-.".indexOf(text.charAt(at)) >= 0 || at < text.length() && Character.isLetterOrDigit(text.charAt(at))) at++;
            String word = text.substring(from, at);
            if (word.equals("null")) return null;
            if (word.equals("true") || word.equals("false")) return word.equals("true");
            return word.matches("-?\\d{1,18}") ? (Number) Long.valueOf(word) : (Number) Double.valueOf(word);
        }

        private String string() {
            StringBuilder found = new StringBuilder();
            take('"');
            while (at < text.length() && text.charAt(at) != '"') {
                char one = text.charAt(at++);
                if (one != '\\') {
                    found.append(one);
                    continue;
                }
                if (at >= text.length()) break;
                char escaped = text.charAt(at++);
                int place = "bfnrt".indexOf(escaped);
                if (escaped == 'u' && at + 4 <= text.length()) {
                    found.append((char) Integer.parseInt(text.substring(at, at + 4), 16));
                    at += 4;
                } else {
                    found.append(place < 0 ? escaped : "\b\f\n\r\t".charAt(place));
                }
            }
            take('"');
            return found.toString();
        }
    }
}
