// Not compiled here. Windows, .NET 9.

using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Example.Shop;

public sealed record Line(string Sku, int Quantity);
public sealed record Contact(string Name, string? Email = null);
public sealed record Address(string Street, string Postcode, string City, string Country);
public sealed record OrderDraft(IReadOnlyList<Line> Lines, Contact Contact, Address ShippingAddress, string? Note = null);

/// <summary>The state is text, so that one that is new to this app does not end it.</summary>
public sealed record Order(Guid Id, int Version, string State);

public sealed record FieldError(string Pointer, string Detail);

/// <summary>RFC 9457.</summary>
public sealed record Problem(string Type, string Title, int Status, IReadOnlyList<FieldError>? Errors, string? RequestId);

public sealed class RefusedException(Problem problem) : Exception(problem.Title)
{
    public Problem Problem { get; } = problem;
}

/// <param name="api">Where the API is.</param>
/// <param name="folder">The app's own folder, such as <c>ApplicationData.Current.LocalFolder.Path</c>.</param>
/// <param name="token">Gives the access token; the next one where it is told that the last one was refused.</param>
public sealed class Orders(Uri api, string folder, Func<bool, CancellationToken, Task<string>> token)
{
    /// <summary>A stream speaks every 15 s; one that is silent for so long is dead.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(45);

    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private readonly HttpClient client = new() { BaseAddress = api, Timeout = Timeout.InfiniteTimeSpan };
    private readonly string pending = Path.Combine(folder, "pending-order.json");

    /// <summary>An order on its way, as it is stored. The text is kept: another body under the same key is refused.</summary>
    private sealed record Pending(string Key, string Body);

    /// <summary>Places an order, however often the network breaks.</summary>
    public async Task<Order> PlaceAsync(OrderDraft draft, CancellationToken stop = default)
    {
        var order = new Pending(Guid.NewGuid().ToString(), JsonSerializer.Serialize(draft, Format));
        // Whole, or not at all.
        await File.WriteAllTextAsync(pending + ".new", JsonSerializer.Serialize(order), stop);
        File.Move(pending + ".new", pending, overwrite: true);
        return await SendAsync(order, stop);
    }

    /// <summary>At the app's start: the order whose answer never came.</summary>
    public async Task<Order?> ResumeAsync(CancellationToken stop = default) =>
        File.Exists(pending)
            ? await SendAsync(JsonSerializer.Deserialize<Pending>(await File.ReadAllTextAsync(pending, stop))!, stop)
            : null;

    private async Task<Order> SendAsync(Pending order, CancellationToken stop)
    {
        try
        {
            using var answer = await AnswerAsync(() => new HttpRequestMessage(HttpMethod.Post, "/v1/orders")
            {
                Headers = { { "Idempotency-Key", order.Key }, { "Prefer", "wait=5" } },
                Content = new StringContent(order.Body, Encoding.UTF8, "application/json"),
            }, stop);
            var accepted = await answer.Content.ReadFromJsonAsync<Order>(Format, stop);
            File.Delete(pending);
            return accepted!;
        }
        catch (RefusedException refused) when (refused.Problem.Status != 401)
        {
            File.Delete(pending);
            throw;
        }
    }

    /// <summary>Sends until there is an answer that is final.</summary>
    private async Task<HttpResponseMessage> AnswerAsync(Func<HttpRequestMessage> make, CancellationToken stop)
    {
        var (refreshed, pause) = (false, TimeSpan.FromSeconds(1));
        while (true)
        {
            var wait = pause;
            try
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
                limit.CancelAfter(Silence);
                using var request = make();
                request.Headers.Authorization = new("Bearer", await token(refreshed, stop));
                var answer = await client.SendAsync(request, limit.Token);
                if (answer.IsSuccessStatusCode)
                {
                    return answer;
                }
                using (answer)
                {
                    switch (answer.StatusCode)
                    {
                        case HttpStatusCode.Unauthorized when !refreshed:
                            refreshed = true;
                            continue;
                        case HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable:
                            wait = answer.Headers.RetryAfter?.Delta ?? pause;
                            break;
                        default:
                            throw new RefusedException((await answer.Content.ReadFromJsonAsync<Problem>(Format, stop))!);
                    }
                }
            }
            catch (Exception broken) when (Broken(broken, stop))
            {
                // The network, which comes back.
            }
            await Task.Delay(wait, stop);
            pause = TimeSpan.FromSeconds(Math.Min(pause.TotalSeconds * 2, 30));
        }
    }

    private static bool Broken(Exception error, CancellationToken stop) =>
        error is HttpRequestException or IOException || error is OperationCanceledException && !stop.IsCancellationRequested;

    /// <summary>The order now and at every later version, each once and in order, over every break of the connection. Ends with its last version.</summary>
    public async IAsyncEnumerable<Order> FollowAsync(Guid id, [EnumeratorCancellation] CancellationToken stop = default)
    {
        var seen = 0;
        var refused = false;
        while (true)
        {
            using var silence = CancellationTokenSource.CreateLinkedTokenSource(stop);
            silence.CancelAfter(Silence);
            await using var events = StreamAsync(id, seen, refused, silence).GetAsyncEnumerator(silence.Token);
            refused = false;
            while (true)
            {
                SseItem<Order?> item;
                try
                {
                    // The service stops where the stream ends without `end`: it is asked again.
                    if (!await events.MoveNextAsync())
                    {
                        break;
                    }
                    item = events.Current;
                }
                catch (RefusedException error) when (error.Problem.Status is 401 or 408 or 429 or 503)
                {
                    refused = error.Problem.Status == 401;
                    break;
                }
                catch (Exception broken) when (Broken(broken, stop))
                {
                    break;
                }
                if (item.EventType == "end")
                {
                    yield break;
                }
                if (item.Data is { } order)
                {
                    seen = order.Version;
                    yield return order;
                }
            }
            await Task.Delay(TimeSpan.FromSeconds(1), stop);
        }
    }

    /// <summary>One connection.</summary>
    private async IAsyncEnumerable<SseItem<Order?>> StreamAsync(
        Guid id, int seen, bool refused, CancellationTokenSource silence)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/orders/{id}/events");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        request.Headers.Authorization = new("Bearer", await token(refused, silence.Token));
        request.Headers.Add("Last-Event-ID", seen.ToString(CultureInfo.InvariantCulture));
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, silence.Token);
        if (answer.StatusCode == HttpStatusCode.NoContent)
        {
            yield return new SseItem<Order?>(null, "end");
            yield break;
        }
        if (!answer.IsSuccessStatusCode)
        {
            throw new RefusedException((await answer.Content.ReadFromJsonAsync<Problem>(Format, silence.Token))!);
        }
        await using var bytes = new Heard(await answer.Content.ReadAsStreamAsync(silence.Token), silence);
        var parser = SseParser.Create(
            bytes,
            (type, data) => type == "order" ? JsonSerializer.Deserialize<Order>(data, Format) : null);
        await foreach (var item in parser.EnumerateAsync(silence.Token))
        {
            yield return item;
        }
    }

    /// <summary>Puts the end off with everything that arrives: the parser gives no sign of comments, which say that the stream is alive.</summary>
    private sealed class Heard(Stream inner, CancellationTokenSource silence) : Stream
    {
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken stop = default)
        {
            var read = await inner.ReadAsync(buffer, stop);
            silence.CancelAfter(Silence);
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);
        public override void Flush() { }
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
            }
            base.Dispose(disposing);
        }
    }

    /// <summary>Registers this device: at each start, with the channel that <c>CreatePushNotificationChannelForApplicationAsync</c> gives.</summary>
    public async Task RegisterAsync(Uri channel, CancellationToken stop = default)
    {
        // Made once, and kept for as long as the app is installed.
        var file = Path.Combine(folder, "installation");
        if (!File.Exists(file))
        {
            await File.WriteAllTextAsync(file, Guid.NewGuid().ToString(), stop);
        }
        var device = await File.ReadAllTextAsync(file, stop);
        var draft = new
        {
            App = "shop",
            Platform = "wns",
            Channel = new { Uri = channel.AbsoluteUri },
            Locale = CultureInfo.CurrentUICulture.Name is { Length: > 1 } name ? name : "en",
        };
        using var answer = await AnswerAsync(() => new HttpRequestMessage(HttpMethod.Put, $"/v1/installations/{device}")
        {
            Content = JsonContent.Create(draft, options: Format),
        }, stop);
    }
}
