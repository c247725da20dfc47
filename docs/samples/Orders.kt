// Not compiled here. Android: OkHttp 5 with okhttp-sse and okhttp-coroutines, kotlinx.coroutines, kotlinx.serialization.

package example.shop

import android.content.SharedPreferences
import androidx.core.content.edit
import java.io.IOException
import java.util.Locale
import java.util.UUID
import java.util.concurrent.TimeUnit
import kotlinx.coroutines.channels.awaitClose
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.callbackFlow
import kotlinx.coroutines.flow.flow
import kotlinx.serialization.SerialName
import kotlinx.serialization.Serializable
import kotlinx.serialization.json.Json
import okhttp3.HttpUrl
import okhttp3.MediaType.Companion.toMediaType
import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.RequestBody.Companion.toRequestBody
import okhttp3.Response
import okhttp3.coroutines.executeAsync
import okhttp3.sse.EventSource
import okhttp3.sse.EventSourceListener
import okhttp3.sse.EventSources

@Serializable
data class Line(val sku: String, val quantity: Int)

@Serializable
data class Contact(val name: String, val email: String? = null)

@Serializable
data class Address(val street: String, val postcode: String, val city: String, val country: String)

@Serializable
data class OrderDraft(
    val lines: List<Line>,
    val contact: Contact,
    @SerialName("shipping_address") val shippingAddress: Address,
    val note: String? = null,
)

/** [state] is text, so that a state that is new to this app does not end it. */
@Serializable
data class Order(val id: String, val version: Int, val state: String)

@Serializable
data class FieldError(val pointer: String, val detail: String)

/** RFC 9457. */
@Serializable
data class Problem(
    val type: String,
    val title: String,
    val status: Int,
    val errors: List<FieldError> = emptyList(),
    @SerialName("request_id") val requestId: String? = null,
)

class Refused(val problem: Problem) : Exception(problem.title)

/** [token] gives the access token; the next one where it is told that the last one was refused. */
class Orders(
    private val api: HttpUrl,
    private val stored: SharedPreferences,
    private val token: suspend (refused: Boolean) -> String,
) {
    // Answers may gain fields within a version.
    private val json = Json { ignoreUnknownKeys = true }
    private val type = "application/json".toMediaType()
    private val client = OkHttpClient.Builder()
        // Between two pieces of an answer; a stream speaks every 15 s.
        .readTimeout(45, TimeUnit.SECONDS)
        .build()

    /** Places an order, however often the network breaks. */
    suspend fun place(draft: OrderDraft): Order {
        // On the disk before it is sent: `apply` would write it later. The text is kept, too: another body under the same key is refused.
        stored.edit(commit = true) {
            putString("key", UUID.randomUUID().toString())
            putString("body", json.encodeToString(draft))
        }
        return checkNotNull(resume())
    }

    /** At the app's start: the order whose answer never came. From a worker of WorkManager it is sent while the app is closed, too. */
    suspend fun resume(): Order? {
        val key = stored.getString("key", null) ?: return null
        val body = stored.getString("body", null) ?: return null
        val request = Request.Builder()
            .url(api.resolve("/v1/orders")!!)
            .header("Idempotency-Key", key)
            .header("Prefer", "wait=5")
            .post(body.toRequestBody(type))
            .build()
        val order = try {
            json.decodeFromString<Order>(answer(request))
        } catch (refused: Refused) {
            if (refused.problem.status != 401) forget()
            throw refused
        }
        forget()
        return order
    }

    private fun forget() = stored.edit(commit = true) { remove("key").remove("body") }

    /** Sends until there is an answer that is final; gives its body. */
    private suspend fun answer(request: Request): String {
        var refreshed = false
        var pause = 1L
        while (true) {
            var wait = pause
            try {
                val signed = request.newBuilder().header("Authorization", "Bearer ${token(refreshed)}").build()
                client.newCall(signed).executeAsync().use { response ->
                    val body = response.body.string()
                    when {
                        response.isSuccessful -> return body
                        response.code == 401 && !refreshed -> {
                            refreshed = true
                            wait = 0
                        }
                        response.code in AGAIN -> wait = response.header("Retry-After")?.toLongOrNull() ?: pause
                        else -> throw Refused(json.decodeFromString(body))
                    }
                }
            } catch (_: IOException) {
                // The network, which comes back.
            }
            delay(wait * 1000)
            pause = minOf(pause * 2, 30)
        }
    }

    /** The order now and at every later version, each once and in order, over every break of the connection. Ends with its last version. */
    fun follow(id: String): Flow<Order> = flow {
        var seen = 0
        var refused = false
        while (true) {
            try {
                stream(id, seen, token(refused)).collect { order ->
                    seen = order.version
                    emit(order)
                }
                return@flow
            } catch (broken: Broken) {
                val code = broken.code
                if (code != null && code != 200 && code != 401 && code !in AGAIN) throw broken
                refused = code == 401 && !refused
            }
            delay(1000)
        }
    }

    /** One connection, which ends in peace where nothing more will come. */
    private fun stream(id: String, seen: Int, token: String): Flow<Order> = callbackFlow {
        val request = Request.Builder()
            .url(api.resolve("/v1/orders/$id/events")!!)
            .header("Accept", "text/event-stream")
            .header("Authorization", "Bearer $token")
            .header("Last-Event-ID", seen.toString())
            .build()
        val source = EventSources.createFactory(client).newEventSource(request, object : EventSourceListener() {
            override fun onEvent(eventSource: EventSource, id: String?, type: String?, data: String) {
                when (type) {
                    "order" -> trySend(json.decodeFromString(data))
                    "end" -> close()
                }
            }

            // Without `end` the service has stopped: it is asked again.
            override fun onClosed(eventSource: EventSource) {
                close(Broken(null))
            }

            override fun onFailure(eventSource: EventSource, t: Throwable?, response: Response?) {
                if (response?.code == 204) close() else close(Broken(response?.code))
            }
        })
        awaitClose { source.cancel() }
    }

    /** Registers this device: at each start, and from `FirebaseMessagingService.onNewToken`. */
    suspend fun register(pushToken: String) {
        // Made once, and kept for as long as the app is installed.
        val device = stored.getString("installation", null)
            ?: UUID.randomUUID().toString().also { made -> stored.edit(commit = true) { putString("installation", made) } }
        val draft = InstallationDraft(channel = Channel(pushToken), locale = Locale.getDefault().toLanguageTag())
        val request = Request.Builder()
            .url(api.resolve("/v1/installations/$device")!!)
            .put(Json { encodeDefaults = true }.encodeToString(draft).toRequestBody(type))
            .build()
        answer(request)
    }

    private class Broken(val code: Int?) : IOException("the stream broke: $code")

    private companion object {
        val AGAIN = setOf(408, 429, 503)
    }
}

@Serializable
private data class Channel(val value: String, val kind: String = "token")

@Serializable
private data class InstallationDraft(
    val channel: Channel,
    val locale: String,
    val app: String = "shop",
    val platform: String = "fcm",
)
